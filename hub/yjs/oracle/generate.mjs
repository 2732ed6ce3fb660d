// Writes ../testdata/npm: documents and what npm yjs reads from them; and
// ../testdata/awareness.json: presence.
//
//   node generate.mjs            all groups
//   node generate.mjs core ydoc  some
//
// The group pycrdt needs python3 with pycrdt 0.14.13 (PYTHON names it); the
// others need this folder's node modules only.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'
import * as canon from './canon.mjs'

const out = join(dirname(fileURLToPath(import.meta.url)), '..', 'testdata', 'npm')

const hex = b => Buffer.from(b).toString('hex')

// expected lines up what npm yjs makes of the updates, as JSON members.
const expected = (roots, updates) => {
  const doc = new Y.Doc()
  for (const u of updates) Y.applyUpdate(doc, u)
  return [
    ['roots', JSON.stringify(roots)],
    ['json', canon.canon(doc, roots)],
    ['sv', canon.stateVector(doc)],
    ['ds', canon.deleteSet(doc)],
    ['pending', String(canon.pending(doc))],
    ['state', JSON.stringify(hex(Y.encodeStateAsUpdate(doc)))]
  ]
}

const members = list => list.map(([k, v]) => `  ${JSON.stringify(k)}: ${v}`).join(',\n')

const write = (group, { name, about, roots, updates, extra = [] }) => {
  const list = [
    ['name', JSON.stringify(`${group}/${name}`)],
    ['about', JSON.stringify(about)],
    ...expected(roots, updates),
    ...extra,
    ['updates', `[\n    ${updates.map(u => JSON.stringify(hex(u))).join(',\n    ')}\n  ]`]
  ]
  writeFileSync(join(out, `${group}-${name}.json`), `{\n${members(list)}\n}\n`)
}

const groups = ['awareness', 'core', 'ydoc', 'codemirror', 'prosemirror', 'websocket', 'pycrdt']
const wanted = process.argv.slice(2)

mkdirSync(out, { recursive: true })
for (const group of wanted.length ? wanted : groups) {
  const { default: fixtures } = await import(`./fixtures/${group}.mjs`)
  for (const f of fixtures) write(group, { ...f, ...await f.make() })
  console.log(`${group}: ${fixtures.length} fixtures`)
}
process.exit(0)
