// npm yjs as a process: it holds documents and does with them what it is told.
//
// Both directions carry frames: four bytes little-endian length, then the body.
// A request body is a varint operation number and its arguments (varints and
// varint-length byte strings). An answer body is a status byte (0 done, 1 the
// engine threw: the rest is the message) and the operation's results.
import * as Y from 'yjs'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as canon from './canon.mjs'
import { edit } from './edits.mjs'

const docs = new Map()

// quiet is the origin of updates applied to documents that only watch. They are
// applied in a local transaction, after which npm yjs does not clean up formats:
// a watcher must never write.
const quiet = Symbol('quiet')
const watch = (doc, update) => doc.transact(tr => {
  Y.applyUpdate(doc, update)
  tr.local = true
}, quiet)

// open makes a document that collects what it would broadcast of its own: edits
// and the formatting clean-up that npm yjs does after remote edits.
const open = (clientID, gc) => {
  const doc = new Y.Doc({ gc })
  if (clientID) doc.clientID = clientID
  doc.emitted = []
  doc.on('update', (u, origin, _, tr) => { if (tr.local && origin !== quiet) doc.emitted.push(u) })
  return doc
}

// observe makes a document write down what its events say, a line for each type:
//   [target, {key: [old value]}, [touched keys], delta]
// where the old value of a key that was not there before is [].
const observe = doc => {
  doc.events = []
  for (const name of Object.keys(canon.standardRoots)) canon.root(doc, name).observeDeep(events => events.forEach(e => doc.events.push(reading(() => eventLine(e)))))
}

// reading calls read, which looks at an event. npm yjs deletes formats that change nothing while it works out what an
// event says: a watcher must not.
const reading = read => {
  const del = Y.Item.prototype.delete
  Y.Item.prototype.delete = () => {}
  try {
    return read()
  } finally {
    Y.Item.prototype.delete = del
  }
}

const eventLine = e => {
  const t = e.target
  const target = t._item ? `${t._item.id.client}:${t._item.id.clock}` : Y.findRootTypeKey(t)
  const keys = [...e.changes.keys].map(([k, { action, oldValue }]) => `${JSON.stringify(k)}:[${action === 'add' ? '' : oldCanon(oldValue)}]`).sort()
  const touched = [...e.keysChanged ?? e.attributesChanged ?? []].filter(k => k !== null).sort()
  return `[${JSON.stringify(target)},{${keys.join(',')}},${JSON.stringify(touched)},${canon.delta(e.delta)}]`
}

// What a deleted type held is gone for everybody; that there was one can be told.
const oldCanon = v => v instanceof Y.AbstractType ? '"type"' : canon.value(v)

const emitted = (out, doc) => {
  const updates = doc.emitted
  doc.emitted = []
  encoding.writeVarUint(out, updates.length)
  updates.forEach(u => encoding.writeVarUint8Array(out, u))
}

const text = (out, s) => encoding.writeVarUint8Array(out, Buffer.from(s, 'utf8'))

const list = (d, read) => Array.from({ length: decoding.readVarUint(d) }, () => read(d))

const bytes = d => decoding.readVarUint8Array(d).slice()

const docOf = d => {
  const id = decoding.readVarUint(d)
  const doc = docs.get(id)
  if (!doc) throw new Error(`no document ${id}`)
  return doc
}

const operations = [
  // 0 new: id, client id (0: any), gc
  (d) => {
    const id = decoding.readVarUint(d)
    docs.set(id, open(decoding.readVarUint(d), decoding.readVarUint(d) === 1))
  },
  // 1 reset: forget every document
  () => { docs.forEach(doc => doc.destroy()); docs.clear() },
  // 2 edit: id, flags, numbers -> emitted updates
  (d, out) => {
    const doc = docOf(d)
    const flags = decoding.readVarUint(d)
    edit(doc, list(d, decoding.readVarUint), flags)
    emitted(out, doc)
  },
  // 3 apply: id, update -> emitted updates
  (d, out) => {
    const doc = docOf(d)
    Y.applyUpdate(doc, bytes(d))
    emitted(out, doc)
  },
  // 4 digest: id -> text
  (d, out) => text(out, canon.digest(docOf(d))),
  // 5 state vector: id -> bytes
  (d, out) => encoding.writeVarUint8Array(out, Y.encodeStateVector(docOf(d))),
  // 6 encode: id, state vector -> bytes
  (d, out) => {
    const doc = docOf(d)
    const sv = bytes(d)
    encoding.writeVarUint8Array(out, Y.encodeStateAsUpdate(doc, sv.length ? sv : undefined))
  },
  // 7 merge: updates -> bytes
  (d, out) => encoding.writeVarUint8Array(out, Y.mergeUpdates(list(d, bytes))),
  // 8 diff: update, state vector -> bytes
  (d, out) => encoding.writeVarUint8Array(out, Y.diffUpdate(bytes(d), bytes(d))),
  // 9 state vector of an update
  (d, out) => encoding.writeVarUint8Array(out, Y.encodeStateVectorFromUpdate(bytes(d))),
  // 10 load: gc, updates -> digest of a fresh document that got them in order
  (d, out) => {
    const doc = open(0, decoding.readVarUint(d) === 1)
    list(d, bytes).forEach(u => watch(doc, u))
    text(out, canon.digest(doc))
    doc.destroy()
  },
  // 11 apply and digest: id, update -> text, events (see observe)
  (d, out) => {
    const doc = docOf(d)
    watch(doc, bytes(d))
    text(out, canon.digest(doc))
    text(out, doc.events ? doc.events.splice(0).sort().join('\n') : '')
  },
  // 12 read: roots as JSON {name: kind}, update -> text (a fresh document, gc on)
  (d, out) => {
    const roots = JSON.parse(Buffer.from(bytes(d)).toString())
    const doc = open(0, true)
    Y.applyUpdate(doc, bytes(d))
    text(out, canon.digest(doc, roots))
    doc.destroy()
  },
  // 13 probe: update -> nothing; throws if a fresh document cannot take it,
  // be read, be edited and be encoded again
  (d) => {
    const doc = open(0, true)
    Y.applyUpdate(doc, bytes(d))
    canon.digest(doc)
    doc.getText('t').insert(0, 'probe')
    const again = open(0, true)
    Y.applyUpdate(again, Y.encodeStateAsUpdate(doc))
    canon.digest(again)
  },
  // 14 insert text: id, position, string -> emitted updates
  (d, out) => {
    const doc = docOf(d)
    const t = doc.getText('t')
    const at = decoding.readVarUint(d)
    const s = Buffer.from(bytes(d)).toString()
    doc.transact(() => t.insert(Math.min(at, t.length), s))
    emitted(out, doc)
  },
  // 15 delete text: id, position, length -> emitted updates
  (d, out) => {
    const doc = docOf(d)
    const t = doc.getText('t')
    const at = Math.min(decoding.readVarUint(d), t.length)
    const n = Math.min(decoding.readVarUint(d), t.length - at)
    if (n > 0) doc.transact(() => t.delete(at, n))
    emitted(out, doc)
  },
  // 16 observe: id; from now on 11 also answers with the events of the update
  (d) => observe(docOf(d))
]

const answer = body => {
  const out = encoding.createEncoder()
  const d = decoding.createDecoder(body)
  try {
    encoding.writeUint8(out, 0)
    operations[decoding.readVarUint(d)](d, out)
    return encoding.toUint8Array(out)
  } catch (err) {
    const failed = encoding.createEncoder()
    encoding.writeUint8(failed, 1)
    text(failed, String(err && err.stack || err))
    return encoding.toUint8Array(failed)
  }
}

const send = body => {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(body.length)
  process.stdout.write(Buffer.concat([head, body]))
}

// yjs warns on the console about what it cannot read; stdout is the wire.
console.warn = console.log = console.error = () => {}

let waiting = Buffer.alloc(0)
process.stdin.on('data', chunk => {
  waiting = waiting.length ? Buffer.concat([waiting, chunk]) : chunk
  while (waiting.length >= 4) {
    const n = waiting.readUInt32LE(0)
    if (waiting.length < 4 + n) return
    const body = waiting.subarray(4, 4 + n)
    waiting = waiting.subarray(4 + n)
    send(answer(body))
  }
})
process.stdin.on('end', () => process.exit(0))
