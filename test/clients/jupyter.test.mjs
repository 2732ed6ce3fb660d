// Jupyter's way in: PUT session, then the room socket by format, type and file
// id; and what its front ends rely on.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as sync from 'y-protocols/sync';
import { structure } from '../../hub/nbdoc/oracle/structure.mjs';
import { Client, Provider1, Provider3, Raw, WebSocket, Y, YNotebook3, YNotebook4, cellOf, comparable, notebooks, versions } from './clients.mjs';
import { Hub, notebookOf, pause, token, until } from './hub.mjs';

const varied = {
  cells: [
    { cell_type: 'markdown', id: 'm', metadata: { tags: ['t'] }, source: ['# Head\n', 'text'], attachments: { 'a.png': { 'image/png': 'AAAA' } } },
    { cell_type: 'code', id: 'c', execution_count: 3, metadata: { tags: ['x'] }, source: ['print(1)\n', 'print(2)'], outputs: [
      { output_type: 'stream', name: 'stdout', text: ['1\n', '2\n'] },
      { output_type: 'execute_result', execution_count: 3, data: { 'text/plain': ['4', '2'], 'application/json': { a: [1] } }, metadata: {} },
      { output_type: 'display_data', data: { 'image/png': 'AAAA' }, metadata: { 'image/png': { width: 3 } } },
      { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['one', 'two'] },
    ] },
    { cell_type: 'raw', id: 'r', metadata: { format: 'text/html' }, source: '<b>' },
    { cell_type: 'code', id: 'e', execution_count: null, metadata: {}, source: [], outputs: [] },
  ],
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' }, language_info: { name: 'python' } },
  nbformat: 4, nbformat_minor: 5,
};
const bulk = { ...varied, cells: Array.from({ length: 319 }, (_, i) => ({ cell_type: 'code', id: `c${i}`, execution_count: i, metadata: {}, source: [`x = ${i}\n`, '#'.repeat(700)], outputs: [{ output_type: 'stream', name: 'stdout', text: ['y'.repeat(900)] }] })) };

// joined is a notebook whose sources and streams are strings.
function joined(notebook) {
  const copy = structuredClone(notebook);
  const join = value => (Array.isArray(value) ? value.join('') : value);
  for (const cell of copy.cells) {
    cell.source = join(cell.source);
    for (const output of cell.outputs ?? []) {
      if (output.text) output.text = join(output.text);
    }
  }
  return copy;
}

let hub;
before(async () => {
  const files = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`n${i}.ipynb`, notebookOf('one', 'two')]));
  hub = await Hub.start({ files: { ...files, 'sub folder/é.ipynb': notebookOf('x'), 'varied.ipynb': JSON.stringify(varied, null, 1) + '\n', 'bulk.ipynb': JSON.stringify(bulk, null, 1) + '\n', 'gone.ipynb': notebookOf('x'), 'broken.ipynb': notebookOf('x') } });
});
after(() => hub.stop());
let used = 0;
const session = (path, body = { format: 'json', type: 'notebook' }) => hub.call('PUT', `/api/collaboration/session/${path}`, body);
const route = '/api/collaboration/room';

async function join(path, kind = {}) {
  const { body } = await session(path);
  return { ...body, client: await Client.join(hub, `json:notebook:${body.fileId}`, { route, params: { sessionId: body.sessionId }, ...kind }) };
}
const fresh = kind => join(`n${used++}.ipynb`, kind);

test('a session is 201 once, then 200, the same for every spelling of the path', async () => {
  const first = await session('sub%20folder%2F%C3%A9.ipynb');
  const again = await session('sub%20folder/%C3%A9.ipynb');
  assert.deepEqual([first.status, again.status], [201, 200]);
  assert.deepEqual(first.body, again.body);
  assert.deepEqual(Object.keys(first.body).sort(), ['fileId', 'format', 'sessionId', 'type']);
  assert.equal((await session('absent.ipynb')).status, 404);
});

for (const [name, Notebook] of Object.entries(notebooks)) {
  test(`${name}: the old session opens the room after a restart, nothing is doubled, offline edits arrive once`, async () => {
    const kinds = { Provider: Notebook === YNotebook3 ? Provider1 : Provider3, Notebook };
    const { client: p, fileId, sessionId } = await fresh(kinds);
    p.notebook.getCell(0).setSource('one, saved');
    await until('the hub has it', async () => (await hub.cell(fileId, 'a')).source === 'one, saved');
    await hub.down();
    p.notebook.getCell(1).setSource('two, offline');
    p.notebook.addCell({ cell_type: 'markdown', source: 'offline' });
    await hub.up();
    await until('p is back', () => p.provider.synced, 20000);
    const q = await Client.join(hub, `json:notebook:${fileId}`, { route, params: { sessionId }, ...kinds });
    await until('equal', () => isDeepStrictEqual(p.notebook.toJSON().cells, q.notebook.toJSON().cells) && q.notebook.cells.length === 3);
    assert.deepEqual(q.notebook.cells.map(cell => cell.source), ['one, saved', 'two, offline', 'offline']);
    assert.equal((await session(`n${used - 1}.ipynb`)).body.sessionId, sessionId);
    p.leave();
    q.leave();
  });

  test(`${name}: the document is built as it builds it itself, and exported as it would be`, async () => {
    const { client, fileId } = await join('varied.ipynb', { Notebook });
    const own = new Notebook({ disableDocumentWideUndoRedo: true });
    own.fromJSON(joined(varied)); // Jupyter's server joins the lines before its model sees them
    const got = structure(client.doc), want = structure(own.ydoc);
    const strip = value => {
      if (value?.map) { delete value.map.execution_state; Object.values(value.map).forEach(strip); }
      value?.array?.forEach(strip);
      return value;
    };
    assert.deepEqual(strip(got.cells), strip(want.cells));
    assert.deepEqual(got.meta, want.meta);
    const exported = await hub.notebook(fileId);
    assert.deepEqual(comparable(exported), comparable(client.notebook.toJSON()));
    const text = JSON.stringify(exported);
    for (const word of ['execution_state', 'trusted', 'lineage', 'hub_blob']) assert.ok(!text.includes(word), word);
    client.leave();
    own.dispose();
  });
}

test('a missing file is 4404, a broken one 4400, both before any sync', async () => {
  const fs = await import('node:fs');
  const gone = (await session('gone.ipynb')).body, broken = (await session('broken.ipynb')).body;
  await until('evicted', async () => !(await hub.rooms()).some(room => [gone.fileId, broken.fileId].includes(room.id)));
  await hub.down();
  fs.rmSync(`${hub.home}/state`, { recursive: true }); // what the hub remembers would be offered instead
  fs.rmSync(`${hub.dir}/gone.ipynb`);
  await hub.up();
  const never = '4b0e6b3c-0000-4000-8000-000000000000';
  const raw = await new Raw(`${hub.ws}${route}/json:notebook:${never}?sessionId=${never}&token=${token}`);
  const end = await raw.ended;
  assert.equal(end.code, 4404, JSON.stringify(end));
  assert.equal(raw.frames.length, 0);
  hub.write('broken.ipynb', '{"cells": [');
  assert.ok([400, 422].includes((await session('broken.ipynb')).status), 'a broken file opens no session');
});

for (const [name, Provider] of Object.entries(versions)) {
  test(`${name}: 545 kB are synced within a second, by binary frames, once`, async () => {
    const { body } = await session('bulk.ipynb');
    const raw = await new Raw(`${hub.ws}${route}/json:notebook:${body.fileId}?sessionId=${body.sessionId}&token=${token}`).open();
    await pause(300);
    assert.equal(raw.frames.length, 0, 'silent until the client speaks');
    raw.send([0, 0, 1, 0]);
    const started = performance.now();
    await until('three answers', () => raw.frames.length >= 2);
    assert.ok(raw.frames[1].at - started < 1000);
    assert.deepEqual(raw.frames.map(frame => frame.binary), raw.frames.map(() => true));
    // It asks before it answers: a client that learns of a deletion forgets what it has typed below it.
    assert.deepEqual(raw.frames.slice(0, 2).map(frame => [...frame.data.subarray(0, 2)]), [[0, 0], [0, 1]]);
    raw.ws.close();
    const { client } = await join('bulk.ipynb', { Provider });
    assert.equal(client.syncs, 1);
    assert.equal(client.cells.length, 319);
    client.leave();
  });
}

test('the first answer holds cells, metadata as a map, the path, and a clean state', async () => {
  const { fileId, sessionId } = (await session('varied.ipynb')).body;
  const raw = await new Raw(`${hub.ws}${route}/json:notebook:${fileId}?sessionId=${sessionId}&token=${token}`).open();
  raw.send([0, 0, 1, 0]);
  await until('step 2', () => raw.frames.length >= 2);
  const decoder = decoding.createDecoder(raw.frames.find(frame => frame.data[0] === 0 && frame.data[1] === 1).data);
  decoding.readVarUint(decoder);
  const doc = new Y.Doc();
  assert.equal(sync.readSyncMessage(decoder, encoding.createEncoder(), doc, 'server'), sync.messageYjsSyncStep2);
  assert.equal(doc.getArray('cells').length, 4);
  assert.ok(doc.getMap('meta').get('metadata') instanceof Y.Map);
  assert.deepEqual([doc.getMap('state').get('path'), doc.getMap('state').get('dirty')], ['varied.ipynb', false]);
  assert.equal(typeof doc.getMap('meta').get('nbformat'), 'number');
  raw.ws.close();
});

// rawSave asks as Jupyter's front end does and returns the status.
async function rawSave(client, id) {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 2);
  encoding.writeVarString(encoder, 'save');
  encoding.writeVarUint(encoder, id);
  const answer = new Promise(resolve => {
    const former = client.provider.messageHandlers[2];
    client.provider.messageHandlers[2] = (_, decoder) => {
      const said = JSON.parse(decoding.readVarString(decoder));
      if (said.responseTo === id) {
        client.provider.messageHandlers[2] = former;
        resolve(said);
      }
    };
  });
  client.provider.ws.send(encoding.toUint8Array(encoder));
  return (await answer).status;
}

test('raw save: success means on disk, the hash is the file\'s, a second save raises nothing', async () => {
  const { client, fileId } = await fresh({ Provider: Provider1, Notebook: YNotebook3 });
  const path = `n${used - 1}.ipynb`;
  client.notebook.getCell(0).setSource('saved by hand');
  assert.equal(await rawSave(client, 300), 'success');
  assert.match(hub.read(path), /saved by hand/);
  const hash = createHash('sha256').update(hub.read(path)).digest('hex');
  await until('state.hash', () => client.state('hash') === hash);
  const contents = await hub.must('GET', `/api/contents/${path}?content=0&hash=1`);
  assert.deepEqual([contents.hash, contents.hash_algorithm], [hash, 'sha256']);
  assert.equal(await rawSave(client, 301), 'success');
  assert.equal(client.state('dirty'), false);
  assert.equal((await hub.must('GET', `/api/v1/rooms/${fileId}`)).state, 'live');
  client.leave();
});

test('raw save that cannot write says failed, and the document stays dirty', async () => {
  const { client, fileId } = await fresh({ Provider: Provider1, Notebook: YNotebook3 });
  const path = `n${used - 1}.ipynb`;
  const marked = '<<<<<<< HEAD\n' + notebookOf('x');
  hub.write(path, marked);
  await until('conflict', async () => (await hub.must('GET', `/api/v1/rooms/${fileId}`)).state === 'conflict');
  client.notebook.getCell(0).setSource('not saved');
  assert.equal(await rawSave(client, 5), 'failed');
  assert.equal(client.state('dirty'), true);
  assert.equal(hub.read(path), marked);
  client.leave();
});

test('no autosave while every front end has it off, autosave when one has it on', async () => {
  const { client, fileId } = await fresh({ Provider: Provider3, Notebook: YNotebook4 });
  const path = `n${used - 1}.ipynb`;
  client.awareness.setLocalStateField('autosave', false);
  await pause(100);
  client.notebook.getCell(0).setSource('kept back');
  await pause(4000);
  assert.ok(!hub.read(path).includes('kept back'));
  const other = await Client.join(hub, fileId, { Provider: Provider3 });
  other.awareness.setLocalStateField('autosave', true);
  await until('autosaved', () => hub.read(path).includes('kept back'));
  client.leave();
  other.leave();
});

test('a change of one cell on disk touches that text alone; cursors elsewhere and in it stay', async () => {
  const { client, fileId } = await fresh();
  const path = `n${used - 1}.ipynb`;
  const ids = client.cells.toArray().map(cell => JSON.stringify(cell._item.id));
  const texts = [client.source('a'), client.source('b')];
  const inA = Y.createRelativePositionFromTypeIndex(client.source('a'), 1), inB = Y.createRelativePositionFromTypeIndex(client.source('b'), 3);
  hub.write(path, notebookOf('one', 'changed: two'));
  await client.sees('b', 'changed: two');
  assert.deepEqual(client.cells.toArray().map(cell => JSON.stringify(cell._item.id)), ids);
  assert.deepEqual([client.source('a'), client.source('b')], texts);
  assert.equal(Y.createAbsolutePositionFromRelativePosition(inA, client.doc).index, 1);
  assert.equal(Y.createAbsolutePositionFromRelativePosition(inB, client.doc).index, 'changed: two'.length);
  assert.equal((await hub.must('GET', `/api/v1/rooms/${fileId}`)).state, 'live');
  client.leave();
});

test('rename keeps socket and room, state.path tells old and new, the next save goes there alone', async () => {
  const { client, fileId } = await fresh({ Provider: Provider3, Notebook: YNotebook4 });
  const path = `n${used - 1}.ipynb`;
  const changes = [];
  client.notebook.changed.connect((_, change) => change.stateChange?.forEach(state => { if (state.name === 'path') changes.push([state.oldValue, state.newValue]); }));
  await hub.must('POST', `/api/v1/rooms/${fileId}/rename`, { path: 'elsewhere/renamed.ipynb' });
  await until('state.path', () => changes.length > 0);
  assert.deepEqual(changes, [[path, 'elsewhere/renamed.ipynb']]);
  client.notebook.getCell(0).setSource('after the rename');
  await until('saved', () => hub.read('elsewhere/renamed.ipynb').includes('after the rename'));
  assert.throws(() => hub.read(path));
  assert.deepEqual([client.closes, client.opened], [[], 1]);
  client.leave();
});

test('plain objects as outputs, BigInt counts: taken, exported, and the next ones work', async () => {
  const { client, fileId } = await fresh({ Provider: Provider1 });
  const witness = await Client.join(hub, fileId, { Provider: Provider3, Notebook: YNotebook4 });
  const cell = client.cells.get(0);
  client.doc.transact(() => {
    cell.get('outputs').push([{ output_type: 'stream', name: 'stdout', text: ['plain\n', 'object\n'] }, { output_type: 'display_data', data: { 'text/plain': 'x' }, metadata: {} }]);
    cell.set('execution_count', 12n);
    client.doc.getMap('meta').set('nbformat', 4.0);
  });
  await until('exported', async () => (await hub.notebook(fileId)).cells[0].outputs.length === 2);
  const exported = (await hub.notebook(fileId)).cells[0];
  assert.deepEqual([exported.execution_count, exported.outputs[0].text.join?.('') ?? exported.outputs[0].text], [12, 'plain\nobject\n']);
  const stream = new Y.Map();
  stream.set('output_type', 'stream');
  stream.set('name', 'stderr');
  stream.set('text', new Y.Text('later'));
  cell.get('outputs').push([stream]);
  await until('a later stream', async () => (await hub.notebook(fileId)).cells[0].outputs.length === 3);
  await until('the witness has them', () => witness.notebook.cells[0].getOutputs().length === 3);
  const late = await Client.join(hub, fileId, { Notebook: YNotebook3 });
  assert.equal(typeof late.cells.get(0).get('execution_count') === 'bigint' && late.cells.get(0)._item.id.client !== client.doc.clientID, false);
  [client, witness, late].forEach(one => one.leave());
});

test('an invalid cell is repaired at once while the others go on', async () => {
  const { client, fileId } = await fresh({ Provider: Provider1 });
  const lab = await Client.join(hub, fileId, { Provider: Provider1, Notebook: YNotebook3 });
  const lab4 = await Client.join(hub, fileId, { Provider: Provider3, Notebook: YNotebook4 });
  client.cells.insert(1, [cellOf('bad', 'select 1', { cell_type: 'sql', outputs: undefined, metadata: { plain: true } })]);
  await until('both have a third cell', () => lab.notebook.cells.length === 3 && lab4.notebook.cells.length === 3);
  lab.notebook.getCell(0).setSource('goes on');
  await Promise.all([client, lab4].map(one => one.sees('a', 'goes on')));
  await until('the author sees the repair', () => client.cells.get(1).get('metadata') instanceof Y.Map && ['code', 'raw', 'markdown'].includes(client.cells.get(1).get('cell_type')));
  assert.deepEqual(comparable(await hub.notebook(fileId)), comparable(lab.notebook.toJSON()));
  assert.deepEqual(comparable(lab.notebook.toJSON()), comparable(lab4.notebook.toJSON()));
  assert.match(lab.notebook.cells[1].source, /select 1/);
  [client, lab, lab4].forEach(one => one.leave());
});

test('a malformed or oversized frame closes that socket and no other; unknown types are ignored', async () => {
  const { client, fileId, sessionId } = await fresh({ Provider: Provider3 });
  const open = async () => {
    const raw = await new Raw(`${hub.ws}/ws/${fileId}?sessionId=${sessionId}&token=${token}`).open();
    raw.send([0, 0, 1, 0]);
    await until('answered', () => raw.frames.length > 0);
    return raw;
  };
  const ignored = await open();
  for (const frame of [[99, 1, 2, 3], [0x7d, 0], [3], [200, 1, 5]]) ignored.send(frame);
  ignored.send([0, 0, 1, 0]);
  await until('still answered', () => ignored.frames.length >= 4);

  const hostile = {
    'an update that is none': [0, 2, 5, 255, 255, 255, 255, 255],
    'a cut update': [0, 2, 3, 1, 1, 200],
    'a gigabyte announced in 20 bytes': [0, 2, 0x80, 0x80, 0x80, 0x80, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
    'a million structs announced': [0, 2, 6, 1, 0xc0, 0x84, 0x3d, 1, 0, 0],
    'awareness that is none': [1, 3, 9, 9, 9],
    'a sync step that does not exist': [0, 9, 0],
  };
  for (const [name, frame] of Object.entries(hostile)) {
    const raw = await open();
    raw.send(frame);
    const end = await Promise.race([raw.ended, pause(5000)]);
    assert.ok([1007, 1008, 1009].includes(end?.code), `${name}: ${JSON.stringify(end)}`);
  }
  const text = await open();
  text.ws.send('text');
  assert.ok([1003, 1007, 1008].includes((await text.ended).code));
  const big = await open();
  big.send(Buffer.alloc(100 << 10, 1).fill(1));
  assert.ok([1007, 1009].includes((await big.ended).code), 'awareness of 100 KiB');
  const huge = await open();
  huge.ws.send(Buffer.concat([Buffer.from([0, 2, 0x80, 0x80, 0x80, 0x22]), Buffer.alloc(70 << 20)]));
  assert.equal((await huge.ended).code ?? 1009, 1009, 'a sync frame of 70 MiB');

  await hub.patch(fileId, 'a', { source: 'alive' });
  await client.sees('a', 'alive');
  assert.deepEqual(client.closes, []);
  ignored.ws.close();
  client.leave();
});

test('the events socket stays open and says nothing', async () => {
  const events = await new Raw(`${hub.ws}/api/events/subscribe?token=${token}`).open();
  assert.equal(events.ws.readyState, WebSocket.OPEN);
  const { client } = await fresh();
  client.source('a').insert(0, 'x');
  await pause(3000);
  assert.equal(events.ws.readyState, WebSocket.OPEN);
  assert.deepEqual(events.frames.filter(frame => /WARN|ERROR/.test(String(frame.data))), []);
  events.ws.close();
  client.leave();
});
