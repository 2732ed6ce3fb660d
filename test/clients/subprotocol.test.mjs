// What the sub-protocol notebook-hub.v1 tells, and how clients without it read
// the same.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { Client, Provider1, Provider3, Y } from './clients.mjs';
import { Hub, notebookOf, until } from './hub.mjs';

let hub;
before(async () => {
  hub = await Hub.start({ files: { 'a.ipynb': notebookOf('one', 'two'), 'b.ipynb': notebookOf('b'), 'c.ipynb': notebookOf('c'), 'd.ipynb': notebookOf('d') } });
});
after(() => hub.stop());

// listening makes a client of y-websocket 3.1.0 that takes events and replies
// in the way that its own documentation shows: a protocol and two handlers.
async function listening(room) {
  const client = new Client(hub, room, { Provider: Provider3, protocols: ['notebook-hub.v1'] });
  client.events = [];
  client.replies = [];
  client.order = [];
  client.provider.messageHandlers[100] = (_, decoder) => {
    client.events.push(JSON.parse(decoding.readVarString(decoder)));
    client.order.push(client.events.at(-1).type);
  };
  client.provider.messageHandlers[102] = (_, decoder) => { client.replies.push(JSON.parse(decoding.readVarString(decoder))); };
  client.provider.on('sync', () => client.order.push('sync'));
  client.event = (type, since = 0) => until(() => `event ${type} among ${JSON.stringify(client.events)}`, () => client.events.slice(since).find(event => event.type === type));
  client.ask = async (id, method, params) => {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 101);
    encoding.writeVarString(encoder, JSON.stringify({ id, method, params }));
    client.provider.ws.send(encoding.toUint8Array(encoder));
    return until(`reply ${id}`, () => client.replies.find(reply => reply.id === id));
  };
  client.connect();
  await client.synced();
  return client;
}

test('hello comes before everything, ack means on disk, saved tells the hash', async () => {
  const room = await hub.open('a.ipynb');
  const p = await listening(room.id);
  assert.deepEqual(p.order.slice(0, 2), ['hello', 'sync']);
  const hello = p.events[0];
  assert.deepEqual([hello.room, hello.path, hello.lineage], [room.id, 'a.ipynb', room.lineage]);
  assert.equal(hello.limits.sync, 64 << 20);
  p.source('a').insert(0, 'acknowledged ');
  const ack = await until('an ack that covers the edit', () => p.events.find(event => event.type === 'ack' &&
    (Y.decodeStateVector(Buffer.from(event.state_vector, 'base64')).get(p.doc.clientID) ?? 0) >= Y.getState(p.doc.store, p.doc.clientID)));
  assert.ok(ack);
  const saved = await p.event('saved');
  assert.equal(saved.sha256, createHash('sha256').update(hub.read('a.ipynb')).digest('hex'));
  assert.match(hub.read('a.ipynb'), /acknowledged one/);
  const reply = await p.ask(7, 'save', {});
  assert.equal(reply.result.sha256, saved.sha256);
  assert.equal((await p.ask(8, 'dance')).error?.code !== undefined, true);
  p.leave();
});

test('1.5.4 and late joiners read state.path and hub; the sub-protocol gets path_changed', async () => {
  const room = await hub.open('b.ipynb');
  const p = await listening(room.id);
  const old = await Client.join(hub, room.id, { Provider: Provider1 });
  assert.deepEqual([old.state('path'), old.state('dirty'), old.hubRoot('lineage')], ['b.ipynb', false, room.lineage]);

  const moves = [
    ['rename', { path: 'renamed/b2.ipynb' }, 'renamed/b2.ipynb'],
    ['save', { path: 'as.ipynb' }, 'as.ipynb'],
  ];
  for (const [verb, body, path] of moves) {
    const since = p.events.length;
    await hub.must('POST', `/api/v1/rooms/${room.id}/${verb}`, body);
    const event = await p.event('path_changed', since);
    assert.equal(event.path, path);
    await until('state.path', () => old.state('path') === path);
    assert.equal(old.hubRoot('rev'), event.rev);
    const late = await Client.join(hub, room.id, { Provider: Provider1 });
    assert.deepEqual([late.state('path'), late.hubRoot('rev')], [path, event.rev]);
    late.leave();
  }
  assert.ok(hub.read('renamed/b2.ipynb'), 'save as leaves the former file');
  assert.throws(() => hub.read('b.ipynb'), 'a rename does not');
  assert.deepEqual(old.closes, []);

  old.source('a').insert(0, 'only there ');
  await until('saved to the new file', () => hub.read('as.ipynb').includes('only there'));
  assert.ok(!hub.read('renamed/b2.ipynb').includes('only there'));
  await until('hub.saved', () => old.hubRoot('saved')?.sha256 === createHash('sha256').update(hub.read('as.ipynb')).digest('hex'));
  await until('state.hash and dirty', () => old.state('hash') === old.hubRoot('saved').sha256 && old.state('dirty') === false);
  p.leave();
  old.leave();
});

test('an untitled notebook is edited, evicted, listed, found again and promoted', async () => {
  const room = await hub.open(undefined);
  const p = await listening(room.id);
  assert.equal(p.events[0].path ?? '', '');
  p.insert(0, 'first', 'not saved anywhere');
  await p.event('ack');
  p.disconnect();
  await until('evicted', async () => !(await hub.rooms()).some(open => open.id === room.id));
  const listed = (await hub.must('GET', '/api/v1/rooms?untitled=1')).rooms.find(rest => rest.id === room.id);
  assert.ok(listed, 'listed at rest');
  await hub.restart();
  p.connect();
  await until('synced again', () => p.provider.synced);
  assert.equal(p.text('first'), 'not saved anywhere');
  const since = p.events.length;
  await hub.must('POST', `/api/v1/rooms/${room.id}/save`, { path: 'promoted.ipynb' });
  assert.equal((await p.event('path_changed', since)).path, 'promoted.ipynb');
  assert.match(hub.read('promoted.ipynb'), /not saved anywhere/);
  const late = await Client.join(hub, room.id, { Provider: Provider1 });
  assert.equal(late.state('path'), 'promoted.ipynb');
  p.leave();
  late.leave();
});

test('a rename on disk is followed and told', async () => {
  const fs = await import('node:fs');
  const room = await hub.open('c.ipynb');
  const p = await listening(room.id);
  fs.renameSync(`${hub.dir}/c.ipynb`, `${hub.dir}/c-moved.ipynb`);
  assert.equal((await p.event('path_changed')).path, 'c-moved.ipynb');
  p.leave();
});

test('goodbye says why', async () => {
  const room = await hub.open('d.ipynb');
  const p = await listening(room.id);
  await hub.must('DELETE', `/api/v1/rooms/${room.id}`);
  assert.equal((await p.event('goodbye')).reason, 'closed');
  p.disconnect();
  p.leave();
});
