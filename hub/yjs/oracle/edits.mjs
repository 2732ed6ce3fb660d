// Random edits of a document by npm yjs. Every choice comes from the numbers
// given, relative to the state met, so that a list of edits can be shortened
// and still runs.
import * as Y from 'yjs'

const strings = ['a', 'bc', ' ', '\n', 'é', '世界', '😀', '👩‍🚀', 'z😀z', '𝒳', 'x̂', 'def', '0123456789']
const asciiStrings = ['a', 'bc', ' ', '\n', 'e', 'ww', 'xyz', 'hello', 'z', '"', '\\', 'def', '0123456789']

// Flags of one run, the same bits as in the Go driver.
export const FLAG_EMOJI = 1
export const FLAG_FORMAT = 2
export const FLAG_XML = 4
export const FLAG_SUBDOC = 8

class Draws {
  constructor (numbers) { this.numbers = numbers; this.at = 0 }
  next (n) { return this.numbers[this.at++ % this.numbers.length] % n }
}

const scalar = (d, flags) => {
  switch (d.next(16)) {
    case 0: return null
    case 1: return undefined
    case 2: return true
    case 3: return false
    case 4: return -0
    case 5: return d.next(200) - 100
    case 6: return 2 ** 31 + d.next(3) - 1
    case 7: return -(2 ** 31) + d.next(3) - 1
    case 8: return 2 ** 53 - 1 - d.next(3)
    case 9: return d.next(1000) / 8
    case 10: return Math.PI * d.next(1000)
    case 11: return BigInt(d.next(1 << 28)) * 12345678901n
    case 12: return new Uint8Array([d.next(256), 0, 255])
    case 13: return [d.next(9), text(d, flags), [null]]
    case 14: return { k: d.next(9), s: text(d, flags), o: { deep: [true] } }
    default: return text(d, flags)
  }
}

const text = (d, flags) => {
  const pool = flags & FLAG_EMOJI ? strings : asciiStrings
  return pool[d.next(pool.length)]
}

// element returns a value that npm yjs takes as an array element: it refuses
// undefined and BigInt there, but not one level deeper.
const element = (d, flags) => {
  const v = make(d, flags)
  return v === undefined || typeof v === 'bigint' ? [v] : v
}

const plain = (d, flags) => {
  const v = scalar(d, flags)
  return v === undefined || typeof v === 'bigint' ? { v } : v
}

// make returns a value to store: a scalar or a filled new shared type.
const make = (d, flags) => {
  switch (d.next(8)) {
    case 0: return new Y.Text(text(d, flags))
    case 1: return Y.Array.from([plain(d, flags), plain(d, flags)])
    case 2: {
      const m = new Y.Map()
      m.set('n', scalar(d, flags))
      m.set('t', new Y.Text(text(d, flags)))
      return m
    }
    case 3:
      if (flags & FLAG_SUBDOC && d.next(3) === 0) {
        return new Y.Doc({ guid: `guid-${d.next(1000)}`, autoLoad: d.next(2) === 0, meta: d.next(2) === 0 ? { m: d.next(5) } : null })
      }
  }
  return scalar(d, flags)
}

const childTypes = t => {
  const out = []
  for (const v of (t instanceof Y.Map ? t.values() : t instanceof Y.Array ? t.toArray() : [])) {
    if (v instanceof Y.AbstractType) out.push(v)
  }
  return out
}

const target = (doc, d, flags) => {
  const n = d.next(flags & FLAG_XML ? 7 : 6)
  if (n === 6) return doc.getXmlFragment('x')
  let t = n < 2 ? doc.getMap('m') : n < 4 ? doc.getArray('a') : doc.getText('t')
  for (let depth = 0; depth < 5; depth++) {
    const below = childTypes(t)
    if (below.length === 0 || d.next(3) === 0) break
    t = below[d.next(below.length)]
  }
  return t
}

const editMap = (t, d, flags) => {
  const key = 'k' + d.next(5)
  if (d.next(5) === 0) t.delete(key)
  else t.set(key, make(d, flags))
}

const editArray = (t, d, flags) => {
  if (t.length > 0 && d.next(3) === 0) {
    const at = d.next(t.length)
    t.delete(at, Math.min(1 + d.next(3), t.length - at))
    return
  }
  const values = []
  for (let n = 1 + d.next(3); n > 0; n--) values.push(element(d, flags))
  t.insert(d.next(t.length + 1), values)
}

const attributes = [{ bold: true }, { bold: null }, { italic: true }, { italic: null }, { color: 'red' }, { color: { r: 1 } }]

const editText = (t, d, flags) => {
  const kind = d.next(10)
  if (t.length > 0 && kind < 3) {
    const at = d.next(t.length)
    t.delete(at, Math.min(1 + d.next(5), t.length - at))
  } else if (flags & FLAG_FORMAT && t.length > 0 && kind === 3) {
    const at = d.next(t.length)
    t.format(at, Math.min(1 + d.next(5), t.length - at), attributes[d.next(attributes.length)])
  } else if (flags & FLAG_FORMAT && kind === 4) {
    t.insertEmbed(d.next(t.length + 1), { image: d.next(9) })
  } else if (flags & FLAG_FORMAT && kind === 5) {
    t.insert(d.next(t.length + 1), text(d, flags), attributes[d.next(attributes.length)])
  } else {
    t.insert(d.next(t.length + 1), text(d, flags))
  }
}

const editXML = (x, d, flags) => {
  const below = x.toArray().filter(c => c instanceof Y.XmlElement || c instanceof Y.XmlText)
  if (below.length > 0 && d.next(3) > 0) {
    const c = below[d.next(below.length)]
    if (c instanceof Y.XmlText) return editText(c, d, flags)
    if (d.next(2) === 0) return c.setAttribute('a' + d.next(3), text(d, flags))
    return editXML(c, d, flags)
  }
  if (x.length > 0 && d.next(4) === 0) return x.delete(d.next(x.length), 1)
  const node = d.next(2) === 0 ? new Y.XmlElement('p' + d.next(3)) : new Y.XmlText(text(d, flags))
  x.insert(d.next(x.length + 1), [node])
}

export const edit = (doc, numbers, flags) => {
  const d = new Draws(numbers)
  doc.transact(() => {
    for (let n = 1 + (d.next(4) === 0 ? d.next(3) : 0); n > 0; n--) {
      const t = target(doc, d, flags)
      if (t instanceof Y.XmlFragment) editXML(t, d, flags)
      else if (t instanceof Y.Text) editText(t, d, flags)
      else if (t instanceof Y.Array) editArray(t, d, flags)
      else editMap(t, d, flags)
    }
  })
}
