// One text for one state: the form in which documents of both engines are
// compared. It is JSON with sorted keys in which everything that plain JSON
// cannot say is an object with one key that starts with "$".
import * as Y from 'yjs'

const sortedKeys = o => Object.keys(o).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

const object = (entries) => `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${v}`).join(',')}}`

const plainObject = o => object(sortedKeys(o).map(k => [k, value(o[k])]))

const number = n => {
  if (Object.is(n, -0)) return '{"$number":"-0"}'
  if (!Number.isFinite(n)) return `{"$number":"${n}"}`
  return JSON.stringify(n)
}

const hex = b => Buffer.from(b.buffer, b.byteOffset, b.byteLength).toString('hex')

export const value = v => {
  if (v === undefined) return '{"$undefined":true}'
  if (v === null) return 'null'
  switch (typeof v) {
    case 'boolean': return String(v)
    case 'number': return number(v)
    case 'bigint': return `{"$bigint":"${v}"}`
    case 'string': return JSON.stringify(v)
  }
  if (v instanceof Uint8Array) return `{"$bytes":"${hex(v)}"}`
  if (v instanceof Y.Doc) return subdoc(v)
  if (v instanceof Y.AbstractType) return type(v)
  if (Array.isArray(v)) return `[${v.map(value).join(',')}]`
  return plainObject(v)
}

// The options a sub-document carries on the wire; its guid is always there.
const subdoc = d => {
  const opts = { guid: d.guid }
  if (!d.gc) opts.gc = false
  if (d.autoLoad) opts.autoLoad = true
  if (d.meta != null) opts.meta = d.meta
  return `{"$doc":${plainObject(opts)}}`
}

export const delta = ops => `[${ops.map(op => {
  const entries = []
  if (op.attributes) entries.push(['attributes', plainObject(op.attributes)])
  if (op.delete !== undefined) entries.push(['delete', String(op.delete)])
  if (op.insert !== undefined) entries.push(['insert', value(op.insert)])
  if (op.retain !== undefined) entries.push(['retain', String(op.retain)])
  return object(entries)
}).join(',')}]`

const xmlElement = t => object([['$xml', object([
  ['attributes', plainObject(t.getAttributes())],
  ['children', children(t)],
  ['name', JSON.stringify(t.nodeName)]
])]])

const children = t => `[${t.toArray().map(value).join(',')}]`

export const type = t => {
  if (t instanceof Y.XmlElement) return xmlElement(t)
  if (t instanceof Y.XmlFragment) return `{"$fragment":${children(t)}}`
  if (t instanceof Y.XmlText) return `{"$xmltext":${delta(t.toDelta())}}`
  if (t instanceof Y.XmlHook) return object([['$hook', object([['name', JSON.stringify(t.hookName)], ['map', mapEntries(t)]])]])
  if (t instanceof Y.Text) return `{"$text":${delta(t.toDelta())}}`
  if (t instanceof Y.Array) return `{"$array":${children(t)}}`
  return `{"$map":${mapEntries(t)}}`
}

const mapEntries = t => {
  const o = Object.create(null)
  t.forEach((v, k) => { o[k] = v })
  return plainObject(o)
}

const constructors = { array: Y.Array, fragment: Y.XmlFragment, map: Y.Map, text: Y.Text, element: Y.XmlElement }

// roots is {name: kind}.
export const canon = (doc, roots) =>
  object(sortedKeys(roots).map(name => [name, type(doc.get(name, constructors[roots[name]]))]))

export const root = (doc, name) => doc.get(name, constructors[standardRoots[name]])

const clients = m => [...m.keys()].sort((a, b) => a - b)

export const stateVector = doc => {
  const sv = new Map()
  doc.store.clients.forEach((structs, client) => {
    const last = structs[structs.length - 1]
    sv.set(client, last.id.clock + last.length)
  })
  return object(clients(sv).map(c => [String(c), String(sv.get(c))]))
}

export const deleteSet = doc => {
  const ds = Y.createDeleteSetFromStructStore(doc.store)
  return object(clients(ds.clients).map(c => {
    const ranges = []
    for (const { clock, len } of ds.clients.get(c)) {
      const last = ranges[ranges.length - 1]
      if (last && last[0] + last[1] === clock) last[1] += len
      else ranges.push([clock, len])
    }
    return [String(c), JSON.stringify(ranges)]
  }))
}

export const pending = doc => (doc.store.pendingStructs ? 1 : 0) + (doc.store.pendingDs ? 2 : 0)

// Guesses the kind of each root from the first letter of its name, as the
// differential tests name them.
const byLetter = { a: 'array', m: 'map', t: 'text', x: 'fragment' }
export const standardRoots = { a: 'array', m: 'map', t: 'text', x: 'fragment' }
export const kindOf = name => byLetter[name[0]] ?? 'map'

export const digest = (doc, roots = standardRoots) =>
  `json ${canon(doc, roots)}\nsv ${stateVector(doc)}\nds ${deleteSet(doc)}\npending ${pending(doc)}`
