// Joins the results of both engines into one table.
import { readFileSync } from 'node:fs'

const [, , nodeFile, goFile] = process.argv

// Every file holds several rounds; the shortest time of a name counts, for other
// processes only ever add to it.
const node = new Map()
for (const line of readFileSync(nodeFile, 'utf8').trim().split('\n')) {
  const [name, value] = line.split(' ')
  node.set(name, Math.min(Number(value), node.get(name) ?? Infinity))
}

// name -> runs of {ns, allocs, heap}
const runs = new Map()
for (const line of readFileSync(goFile, 'utf8').split('\n')) {
  const m = /^BenchmarkOracle(\S+?)(?:-\d+)?\s+\d+\s+(.*)$/.exec(line)
  if (!m) continue
  const value = unit => Number(new RegExp(`([\\d.e+]+) ${unit}`).exec(m[2])?.[1] ?? NaN)
  if (!runs.has(m[1])) runs.set(m[1], [])
  runs.get(m[1]).push({ ns: value('ns/op'), allocs: value('allocs/op'), heap: value('heap-bytes') })
}

const least = (name, field) => Math.min(...(runs.get(name) ?? [{}]).map(r => r[field] ?? NaN))

const spread = name => {
  const all = (runs.get(name) ?? []).map(r => r.ns)
  return all.length > 1 ? `${Math.round(100 * (Math.max(...all) / Math.min(...all) - 1))} %` : ''
}

const time = ns => Number.isNaN(ns) || ns === undefined ? '-' : ns < 1e3 ? `${ns.toFixed(0)} ns` : ns < 1e6 ? `${(ns / 1e3).toFixed(2)} us` : ns < 1e9 ? `${(ns / 1e6).toFixed(2)} ms` : `${(ns / 1e9).toFixed(2)} s`
const size = b => `${(b / 1e6).toFixed(2)} MB`

let missed = 0

// row prints one line; must is the ratio that has to be reached, or the share for heaps.
const row = (label, name, must, { allocs, share } = {}) => {
  const ours = share ? least(name, 'heap') : least(name, 'ns')
  const theirs = node.get(name)
  const ratio = share ? ours / theirs : theirs / ours
  const count = least(name, 'allocs')
  const ok = (must === undefined || (share ? ratio <= must : ratio >= must)) && (allocs === undefined || count <= allocs)
  if (!ok) missed++
  const shown = share ? `${Math.round(100 * ratio)} %` : `${ratio.toFixed(1)} x`
  const goal = must === undefined ? '' : share ? `${100 * must} %` : `${must} x`
  console.log(`| ${label} | ${share ? size(ours) : time(ours)} | ${share ? size(theirs) : time(theirs)} | ${Number.isNaN(ratio) ? '' : shown} | ${goal}${allocs === undefined ? '' : `, ${allocs} allocs`} | ${Number.isNaN(count) ? '' : count} | ${spread(name)} | ${must === undefined && allocs === undefined ? '' : ok ? 'yes' : '**no**'} |`)
}

const own = (label, name) => console.log(`| ${label} | ${time(least(name, 'ns'))} | ${time(node.get(name))} | | | ${least(name, 'allocs')} | ${spread(name)} | |`)

console.log('| work | Go | npm yjs | ratio | must reach | allocs | spread of runs | reached |')
console.log('|---|---|---|---|---|---|---|---|')
row('trace, 259,778 updates with broadcast bytes', 'TraceUpdates', 10)
row('trace as one update', 'TraceLoad', 6)
row('trace, encode', 'TraceEncode', 5)
row('notebook, load', 'NotebookLoad/full', 6)
row('notebook, encode', 'NotebookEncode', 10)
row('notebook, heap', 'NotebookHeap', 0.7, { share: true })
row('notebook without edits, load', 'FreshLoad')
row('remote character, typing', 'RemoteTyping', 7, { allocs: 3 })
row('remote character, random place', 'RemotePlaces', 8)
row('local insert, 200,000 characters', 'LocalInsert', 6)
row('notebook to values', 'NotebookValues', 1)
row('fork: load', 'ForkLoad')
row('fork: five edits and their bytes', 'ForkEdit')
row('fork: merge into the live document', 'ForkMerge')
for (const n of ['quarter', 'half', 'full']) own(`notebook of growing size, load: ${n}`, `NotebookLoad/${n}`)
for (const n of [5000, 10000, 20000, 65000, 130000, 259778]) own(`merge a log of ${n}`, `MergeLog/${n}`)

const fork = (least('ForkLoad', 'ns') + least('ForkEdit', 'ns') + least('ForkMerge', 'ns')) / node.get('NotebookLoad/full')
console.log(`\nfork, five edits and merge: ${Math.round(100 * fork)} % of a load in npm yjs (must be under 10 %): ${fork < 0.1 ? 'yes' : '**no**'}`)
const linear = (least('MergeLog/259778', 'ns') / 259778) / (least('MergeLog/65000', 'ns') / 65000)
console.log(`merge of a log: an update costs ${linear.toFixed(2)} times as much in a log four times as long (linear: 1)`)
const growth = least('NotebookLoad/full', 'ns') / least('NotebookLoad/quarter', 'ns')
console.log(`load of a notebook four times as big takes ${growth.toFixed(1)} times as long (linear: 4)`)
if (fork >= 0.1) missed++
console.log(`${missed === 0 ? 'every row reached' : `${missed} rows missed`}; times are one machine's, ratios hold within its noise`)
