// Joins the results of both engines into one table. Every file holds several rounds; of a name the median of the rounds
// counts, and the spread is how far the rounds lie apart, in parts of their median.
import { readFileSync } from 'node:fs'

const [, , nodeFile, goFile] = process.argv

// runs of a side: name -> field -> values of the rounds
const side = () => {
  const values = new Map()
  return {
    add: (name, field, value) => {
      const key = `${name} ${field}`
      values.set(key, [...(values.get(key) ?? []), value])
    },
    all: (name, field) => (values.get(`${name} ${field}`) ?? []).sort((a, b) => a - b),
    median (name, field) {
      const all = this.all(name, field)
      return all.length ? (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2 : undefined
    },
    spread (name, field) {
      const all = this.all(name, field)
      return all.length > 1 ? `${Math.round(100 * (all.at(-1) - all[0]) / this.median(name, field))} %` : ''
    }
  }
}

const node = side()
for (const line of readFileSync(nodeFile, 'utf8').trim().split('\n')) {
  const [name, value] = line.split(' ')
  node.add(name, name.endsWith('Heap') ? 'heap' : 'ns', Number(value))
}

const go = side()
const fields = { 'cpu-ns/op': 'ns', 'mallocs/op': 'allocs', 'heap-bytes': 'heap' }
for (const line of readFileSync(goFile, 'utf8').split('\n')) {
  const m = /^BenchmarkOracle(\S+?)(?:-\d+)?\s+\d+\s+(.*)$/.exec(line)
  if (!m) continue
  for (const [, value, unit] of m[2].matchAll(/([\d.e+]+) (\S+)/g)) if (fields[unit]) go.add(m[1], fields[unit], Number(value))
}

const time = ns => ns === undefined ? '-' : ns < 1e3 ? `${ns.toFixed(0)} ns` : ns < 1e6 ? `${(ns / 1e3).toFixed(2)} us` : ns < 1e9 ? `${(ns / 1e6).toFixed(2)} ms` : `${(ns / 1e9).toFixed(2)} s`
const size = b => b === undefined ? '-' : `${(b / 1e6).toFixed(2)} MB`
const percent = share => `${(100 * share).toFixed(1)} %`

let missed = 0

// verdict counts what was missed; what was not measured is.
const verdict = ok => {
  if (!ok) missed++
  return ok ? 'PASS' : 'MISS'
}

const line = (...cells) => console.log(`| ${cells.join(' | ')} |`)

// row prints one line. must is the ratio that has to be reached, allocs the most allocations.
const row = (label, name, must, allocs) => {
  const ours = go.median(name, 'ns')
  const theirs = node.median(name, 'ns')
  const count = go.median(name, 'allocs')
  const ratio = ours > 0 && theirs > 0 ? theirs / ours : undefined
  const goal = must === undefined ? '' : allocs === undefined ? `${must} x` : `${must} x, ${allocs} allocs`
  const ok = ratio >= must && (allocs === undefined || count <= allocs)
  line(label, time(ours), time(theirs), ratio === undefined ? '' : `${ratio.toFixed(1)} x`, goal,
    count === undefined ? '' : count < 10 ? count.toFixed(1) : count.toFixed(0),
    go.spread(name, 'ns'), node.spread(name, 'ns'), must === undefined ? '' : verdict(ok))
}

// shareRow prints a line whose goal is to stay below a share of what npm yjs needs.
const shareRow = (label, ours, theirs, most, text, spreads) => {
  const share = ours / theirs
  line(label, text(ours), text(theirs), percent(share), `${100 * most} %`, '', ...spreads, verdict(share < most))
}

// growthRow prints how much more a piece of work costs that is as many times as big; linear is times.
const growthRow = (label, small, big, times) => {
  const growth = go.median(big, 'ns') / go.median(small, 'ns')
  line(label, `${growth.toFixed(1)} x`, '', '', `${times} x, at most ${(1.5 * times).toFixed(0)} x`, '', '', '', verdict(growth <= 1.5 * times))
}

line('work', 'Go', 'npm yjs', 'ratio', 'must reach', 'allocs', 'spread Go', 'spread npm', 'verdict')
line('---', '---', '---', '---', '---', '---', '---', '---', '---')
row('trace, 259,778 updates with broadcast bytes', 'TraceUpdates', 10)
row('trace as one update', 'TraceLoad', 6)
row('trace, encode', 'TraceEncode', 5)
row('notebook, load', 'NotebookLoad/full', 6)
row('notebook, encode', 'NotebookEncode', 10)
shareRow('notebook, heap', go.median('NotebookHeap', 'heap'), node.median('NotebookHeap', 'heap'), 0.7, size,
  [go.spread('NotebookHeap', 'heap'), node.spread('NotebookHeap', 'heap')])
row('remote character, typing', 'RemoteTyping', 7, 3)
row('remote character, random place', 'RemotePlaces', 8)
row('local insert, 200,000 characters', 'LocalInsert', 6)
row('notebook to values', 'NotebookValues', 1)
shareRow('fork, five edits, merge, beside a load in npm yjs', go.median('Fork', 'ns'), node.median('NotebookLoad/full', 'ns'), 0.1, time,
  [go.spread('Fork', 'ns'), node.spread('NotebookLoad/full', 'ns')])
growthRow('merging a log four times as long', 'MergeLog/65000', 'MergeLog/259778', 4)
growthRow('loading a notebook four times as big', 'NotebookLoad/quarter', 'NotebookLoad/full', 4)
row('beside: fork, five edits, merge', 'Fork')
row('beside: load the fork', 'ForkLoad')
row('beside: five edits of the fork', 'ForkEdit')
row('beside: merge into the live document', 'ForkMerge')
row('beside: notebook without edits, load', 'FreshLoad')
for (const n of ['quarter', 'half']) row(`beside: ${n} of the notebook, load`, `NotebookLoad/${n}`)
for (const n of [5000, 10000, 20000, 65000, 130000, 259778]) row(`beside: merge a log of ${n}`, `MergeLog/${n}`)
console.log(`\n${missed === 0 ? 'PASS: every row reached' : `MISS: ${missed} rows`}; processor time, medians; times are one machine's, ratios hold within the spread`)
process.exitCode = missed === 0 ? 0 : 1
