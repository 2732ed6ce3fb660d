// The work of the benchmarks in npm yjs, and the bytes both sides work on.
//
//   node bench.mjs prepare DIR   writes the inputs
//   node --expose-gc bench.mjs run DIR   prints "name nanoseconds" lines of processor time, heaps
//   as "name bytes"
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { trace } from './trace.mjs'

const [, , command, dir] = process.argv

const random = seed => {
  let s = seed
  return n => {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    return (s >>> 0) % n
  }
}

// A file of several updates: each with its varint length before it.
const pack = updates => {
  const e = encoding.createEncoder()
  updates.forEach(u => encoding.writeVarUint8Array(e, u))
  return encoding.toUint8Array(e)
}

const unpack = b => {
  const d = decoding.createDecoder(b)
  const updates = []
  while (decoding.hasContent(d)) updates.push(decoding.readVarUint8Array(d))
  return updates
}

const open = (clientID, state) => {
  const doc = new Y.Doc()
  if (clientID) doc.clientID = clientID
  if (state) Y.applyUpdate(doc, state)
  return doc
}

const log = doc => {
  const updates = []
  doc.on('update', u => updates.push(u))
  return updates
}

const words = 'import numpy as np\nfor index in range(count):\n    print(values[index], total)\n'

// notebook fills a document with cells as Jupyter's clients lay them out.
const notebook = (doc, cells, size) => {
  const next = random(7)
  doc.transact(() => {
    doc.getMap('meta').set('nbformat', 4)
    doc.getMap('meta').set('metadata', new Y.Map([['kernelspec', { name: 'python3', display_name: 'Python 3' }]]))
    const list = []
    for (let i = 0; i < cells; i++) {
      let source = ''
      while (source.length < size) source += words.slice(next(40), 40 + next(words.length - 40))
      const output = new Y.Map([['output_type', 'stream'], ['name', 'stdout'], ['text', new Y.Text(`cell ${i} says\n`.repeat(20))]])
      const result = new Y.Map([['output_type', 'execute_result'], ['data', { 'text/plain': [String(i)], 'application/json': { i, list: [1, 2.5, null] } }], ['metadata', {}]])
      list.push(new Y.Map([
        ['id', `cell-${i}`], ['cell_type', 'code'], ['source', new Y.Text(source.slice(0, size))], ['metadata', new Y.Map([['trusted', true]])],
        ['outputs', Y.Array.from([output, result])], ['execution_count', i]
      ]))
    }
    doc.getArray('cells').insert(0, list)
  })
}

// scatter makes edits at random places of random cells' sources by three clients.
const scatter = (docs, edits) => {
  const next = random(11)
  for (let i = 0; i < edits; i++) {
    const doc = docs[next(docs.length)]
    const cells = doc.getArray('cells')
    const text = cells.get(next(cells.length)).get('source')
    if (next(4) === 0 && text.length > 0) text.delete(next(text.length), 1)
    else text.insert(next(text.length + 1), 'abcdefgh'[next(8)])
    if (i % 200 === 199) for (const a of docs) for (const b of docs) if (a !== b) Y.applyUpdate(b, Y.encodeStateAsUpdate(a, Y.encodeStateVector(b)))
  }
}

// scattered is a notebook after many edits, as bytes.
const scattered = (cells, size, edits) => {
  const docs = [101, 102, 103].map(id => open(id))
  notebook(docs[0], cells, size)
  docs.slice(1).forEach(d => Y.applyUpdate(d, Y.encodeStateAsUpdate(docs[0])))
  scatter(docs, edits)
  for (const d of docs) Y.applyUpdate(docs[0], Y.encodeStateAsUpdate(d, Y.encodeStateVector(docs[0])))
  return Y.encodeStateAsUpdate(docs[0])
}

const prepare = () => {
  mkdirSync(dir, { recursive: true })
  const write = (name, bytes) => writeFileSync(join(dir, name), bytes)
  const writer = open(100)
  const updates = log(writer)
  const text = writer.getText('text')
  trace((at, c) => text.insert(at, c), at => text.delete(at, 1))
  write('trace.updates', pack(updates))
  write('trace.state', Y.encodeStateAsUpdate(writer))
  const nb = scattered(200, 5000, 20000)
  write('notebook.state', nb)
  for (const [name, cells, edits] of [['quarter', 50, 5000], ['half', 100, 10000]]) write(`notebook-${name}.state`, scattered(cells, 5000, edits))
  const fresh = open(101)
  notebook(fresh, 200, 5000)
  write('fresh.state', Y.encodeStateAsUpdate(fresh))
  write('typing.updates', pack(typing(nb)))
  write('places.updates', pack(places(nb)))
  const long = open(100)
  long.getText('text').insert(0, 'x'.repeat(200000))
  write('long.state', Y.encodeStateAsUpdate(long))
}

// typing is one author going on in one cell; places is one author jumping about.
const typing = nb => {
  const doc = open(104, nb)
  const updates = log(doc)
  const text = doc.getArray('cells').get(100).get('source')
  for (let i = 0; i < 20000; i++) text.insert(2500 + i, 'typed'[i % 5])
  return updates
}

const places = nb => {
  const doc = open(105, nb)
  const updates = log(doc)
  const next = random(13)
  const cells = doc.getArray('cells')
  for (let i = 0; i < 20000; i++) {
    const text = cells.get(next(200)).get('source')
    text.insert(next(text.length + 1), 'x')
  }
  return updates
}

const read = name => new Uint8Array(readFileSync(join(dir, name)))

// cpu is the processor time that this process has used, in nanoseconds, with all its threads: waiting for others on a
// busy machine does not count, collecting garbage does.
const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

// median runs f some times and returns the median of what a run took, in nanoseconds of the processor. Each run works
// on what setup made and does the work reps times, and what it took is divided by reps. sample in
// ../conformance_bench_test.go does the same.
const median = (times, reps, setup, f) => {
  const took = []
  for (let i = 0; i < times; i++) {
    const input = setup ? setup() : undefined
    globalThis.gc?.()
    const start = cpu()
    f(input)
    took.push((cpu() - start) / reps)
  }
  return took.sort((a, b) => a - b)[times >> 1]
}

// again does f n times.
const again = (n, f) => () => { for (let i = 0; i < n; i++) f() }

const heap = make => {
  globalThis.gc(); globalThis.gc()
  const before = process.memoryUsage()
  const kept = make()
  globalThis.gc(); globalThis.gc()
  const after = process.memoryUsage()
  void kept
  return kept && after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
}

const applyAll = (doc, updates) => {
  let bytes = 0
  doc.on('update', u => { bytes += u.length })
  for (const u of updates) Y.applyUpdate(doc, u)
  return bytes
}

const run = () => {
  const print = (name, value) => console.log(`${name} ${Math.round(value)}`)
  const updates = unpack(read('trace.updates'))
  print('TraceUpdates', median(3, 1, () => open(), doc => applyAll(doc, updates)))
  const state = read('trace.state')
  print('TraceLoad', median(9, 5, null, again(5, () => open(0, state))))
  const traced = open(0, state)
  print('TraceEncode', median(9, 20, null, again(20, () => Y.encodeStateAsUpdate(traced))))
  const nb = read('notebook.state')
  for (const [name, file, reps] of [['NotebookLoad/quarter', 'notebook-quarter', 16], ['NotebookLoad/half', 'notebook-half', 8], ['NotebookLoad/full', 'notebook', 4], ['FreshLoad', 'fresh', 2]]) {
    const part = read(`${file}.state`)
    print(name, median(9, reps, null, again(reps, () => open(0, part))))
  }
  const loaded = open(0, nb)
  print('NotebookEncode', median(9, 5, null, again(5, () => Y.encodeStateAsUpdate(loaded))))
  print('NotebookHeap', heap(() => open(0, nb)))
  print('NotebookValues', median(9, 10, null, again(10, () => [loaded.getArray('cells').toJSON(), loaded.getMap('meta').toJSON()])))
  for (const [name, file] of [['RemoteTyping', 'typing.updates'], ['RemotePlaces', 'places.updates']]) {
    const remote = unpack(read(file))
    print(name, median(3, remote.length, () => open(0, nb), doc => applyAll(doc, remote)))
  }
  const long = read('long.state')
  print('LocalInsert', median(3, 20000, () => open(0, long), doc => {
    const next = random(17)
    const text = doc.getText('text')
    for (let i = 0; i < 20000; i++) text.insert(next(text.length + 1), 'x')
  }))
  print('Fork', median(9, 1, () => open(0, nb), live => Y.applyUpdate(live, forkEdit(open(0, nb)))))
  print('ForkLoad', median(9, 5, null, again(5, () => open(0, nb))))
  print('ForkEdit', median(9, 1, () => open(0, nb), forkEdit))
  const added = forkEdit(open(0, nb))
  print('ForkMerge', median(9, 1, () => open(0, nb), doc => Y.applyUpdate(doc, added)))
  for (const n of [5000, 10000, 20000]) {
    const part = updates.slice(0, n)
    print(`MergeLog/${n}`, median(1, 1, null, () => Y.mergeUpdates(part)))
  }
}

// forkEdit is five small cell edits in one transaction and the bytes that it emits.
const forkEdit = doc => {
  const updates = log(doc)
  const cells = doc.getArray('cells')
  doc.transact(() => {
    for (let i = 0; i < 5; i++) cells.get(i * 40).get('source').insert(100, 'edited outside')
  })
  return updates[0]
}

if (command === 'prepare') prepare()
else run()
