// Clients go away and come back, across evictions and restarts of the hub. Not
// one cell or character is lost or doubled.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, Provider1, Provider3, Raw, Y, YNotebook3, YNotebook4, cellOf, comparable, contentOf } from './clients.mjs';
import { Hub, notebookOf, token, until } from './hub.mjs';

const kinds = {
  'y-websocket 1.5.4': { Provider: Provider1 },
  'y-websocket 3.1.0': { Provider: Provider3 },
  '@jupyter/ydoc 3.5 over 1.5.4': { Provider: Provider1, Notebook: YNotebook3 },
  '@jupyter/ydoc 4.2 over 3.1.0': { Provider: Provider3, Notebook: YNotebook4 },
};
let hub;
before(async () => { hub = await Hub.start({ files: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`n${i}.ipynb`, notebookOf('one', 'two')])) }); });
after(() => hub.stop());
let used = 0;
const next = () => hub.open(`n${used++}.ipynb`);
const evicted = room => until('evicted', async () => !(await hub.rooms()).some(open => open.id === room.id));

for (const [name, kind] of Object.entries(kinds)) {
  test(`${name}: edits made while away arrive once after an eviction`, async () => {
    const room = await next();
    const p = await Client.join(hub, room.id, kind);
    p.source('a').insert(3, ' online');
    await until('the hub has it', async () => (await hub.cell(room.id, 'a')).source === 'one online');
    p.disconnect();
    await evicted(room);
    p.source('a').insert(0, 'offline ');
    p.insert(2, 'away', 'made while away');
    p.connect();
    await until('synced', () => p.provider.synced);
    await until('the hub has all', async () => (await hub.notebook(room.id)).cells.length === 3);
    assert.deepEqual(comparable(await hub.notebook(room.id)).map(cell => [cell.id, cell.source]),
      [['a', 'offline one online'], ['b', 'two'], ['away', 'made while away']]);
    assert.deepEqual(contentOf(p.doc), comparable(await hub.notebook(room.id)));
    p.leave();
  });

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`${name}: a hub ended by ${signal} comes back with the same history`, async () => {
      const room = await next();
      const p = await Client.join(hub, room.id, kind);
      const q = await Client.join(hub, room.id, kind);
      p.source('b').insert(0, 'before ');
      await q.sees('b', p.text('b'));
      const code = await hub.down(signal);
      if (signal === 'SIGTERM') assert.equal(code, 0, hub.log);
      p.source('b').insert(0, 'p away ');
      q.source('b').insert(q.text('b').length, ' q away');
      await hub.up();
      await until(() => `both are back: ${JSON.stringify([p, q].map(one => [one.opened, one.provider.synced, one.closes]))}`, () => p.provider.synced && q.provider.synced, 20000);
      await until('both hold the same', () => p.text('b') === q.text('b') && p.text('b').includes('q away') && p.text('b').includes('p away'));
      assert.equal(p.text('b'), 'p away before two q away');
      assert.equal((await hub.cell(room.id, 'b')).source, 'p away before two q away');
      assert.equal(p.ids().length, 2);
      assert.equal((await hub.open(room.path)).id, room.id, 'the same room id');
      p.leave();
      q.leave();
    });
  }
}

test('a client of another history is refused once by 1003 with JSON, then at the upgrade', async () => {
  const room = await next();
  const wrong = `${hub.ws}/ws/${room.id}?token=${token}&sessionId=4b0e6b3c-0000-4000-8000-000000000000`;
  const first = await new Raw(wrong).ended;
  assert.equal(first.code, 1003);
  assert.ok(Buffer.byteLength(first.reason) <= 123);
  assert.equal(JSON.parse(first.reason).reason, 'unknown_session');
  assert.equal((await new Raw(wrong).ended).status, 409);
  const right = await Client.join(hub, room.id, { params: { sessionId: room.lineage } });
  assert.equal(right.text('a'), 'one');
  right.leave();
});

test('without a session id the state vector tells: a document of its own is refused, nothing of it arrives', async () => {
  const room = await next();
  const doc = new Y.Doc();
  doc.getArray('cells').insert(0, [cellOf('a', 'one'), cellOf('b', 'two')]);
  for (const Provider of [Provider1, Provider3]) {
    const p = new Client(hub, room.id, { Provider, doc });
    p.connect();
    const close = await until('closed', () => p.closes[0]);
    assert.equal(close.code, 1003);
    assert.equal(JSON.parse(close.reason).reason, 'unknown_session');
    p.disconnect();
    p.provider.destroy();
  }
  assert.equal((await hub.notebook(room.id)).cells.length, 2);
});

test('a storm of 40 clients that lose the hub all come back and agree', async () => {
  const room = await next();
  const clients = await Promise.all(Array.from({ length: 40 }, (_, i) => Client.join(hub, room.id, { Provider: i % 2 ? Provider1 : Provider3 })));
  await hub.down('SIGKILL');
  clients.forEach((client, i) => client.source('a').insert(0, `<${i}>`));
  await hub.up();
  await until('all are back', () => clients.every(client => client.provider.synced), 20000);
  await until('all agree', () => clients.every(client => client.text('a') === clients[0].text('a')) && clients[0].text('a').split('<').length === 41);
  for (let i = 0; i < 40; i++) assert.equal(clients[0].text('a').split(`<${i}>`).length, 2);
  clients.forEach(client => client.leave());
});
