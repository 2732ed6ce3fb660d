// Clients of every version attach, edit together and meet REST in one document.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Client, Provider1, Provider3, YNotebook3, YNotebook4, comparable, contentOf, notebooks, versions } from './clients.mjs';
import { Hub, notebookOf, until } from './hub.mjs';

let hub;
before(async () => { hub = await Hub.start({ files: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`n${i}.ipynb`, notebookOf('one', 'two')])) }); });
after(() => hub.stop());
let used = 0;
const next = () => hub.open(`n${used++}.ipynb`);

for (const [name, Provider] of Object.entries(versions)) {
  test(`${name}: two plain clients edit one cell at once and converge with REST`, async () => {
    const room = await next();
    const [p, q] = await Promise.all([Client.join(hub, room.id, { Provider }), Client.join(hub, room.id, { Provider })]);
    p.source('a').insert(0, 'left ');
    q.source('a').insert(3, ' right 🐍');
    q.insert(2, 'c', 'three');
    await Promise.all([p, q].map(client => client.sees('a', 'left one right 🐍')));
    await p.sees('c', 'three');
    await hub.patch(room.id, 'b', { source: 'two by REST' });
    await Promise.all([p, q].map(client => client.sees('b', 'two by REST')));
    p.source('b').insert(0, '> ');
    await until('REST reads the client', async () => (await hub.cell(room.id, 'b')).source === '> two by REST');
    assert.equal(p.syncs, 1);
    assert.deepEqual(p.closes, []);
    p.leave();
    q.leave();
  });

  for (const [kind, Notebook] of Object.entries(notebooks)) {
    test(`${kind} over ${name}: cells come and go on both sides`, async () => {
      const room = await next();
      const [p, q] = await Promise.all([Client.join(hub, room.id, { Provider, Notebook }), Client.join(hub, room.id, { Provider, Notebook })]);
      assert.deepEqual(p.notebook.cells.map(cell => [cell.id, cell.source]), [['a', 'one'], ['b', 'two']]);
      p.notebook.insertCell(1, { cell_type: 'markdown', source: '# head', metadata: { tags: ['x'] } });
      q.notebook.getCell(0).setSource('one, changed');
      q.notebook.moveCell(0, 1);
      await hub.must('POST', `/api/v1/rooms/${room.id}/cells`, { cell_type: 'code', source: 'by REST', id: 'rest' });
      await until(() => `four cells: ${JSON.stringify(p.ids())} ${JSON.stringify(q.ids())}`, () => p.notebook.cells.length === 4 && q.notebook.cells.length === 4);
      await until('equal', () => isDeepStrictEqual(comparable(p.notebook.toJSON()), comparable(q.notebook.toJSON())));
      await until('the hub holds the same', async () => {
        try {
          assert.deepEqual(comparable(await hub.notebook(room.id)), comparable(p.notebook.toJSON()));
          return true;
        } catch { return false; }
      });
      assert.deepEqual(comparable(await hub.notebook(room.id)), comparable(q.notebook.toJSON()));
      p.leave();
      q.leave();
    });
  }
}

test('all versions at once in one room, typing into one cell', async () => {
  const room = await next();
  const kinds = [{ Provider: Provider1 }, { Provider: Provider3 }, { Provider: Provider1, Notebook: YNotebook3 }, { Provider: Provider3, Notebook: YNotebook4 },
    { Provider: Provider3, Notebook: YNotebook3 }, { Provider: Provider1, Notebook: YNotebook4 }];
  const clients = await Promise.all(kinds.map(kind => Client.join(hub, room.id, kind)));
  for (let i = 0; i < 20; i++) {
    clients.forEach((client, n) => client.source('a').insert(0, `[${n}.${i}]`));
    await hub.patch(room.id, 'b', { source: `rest ${i}` });
  }
  await until('every word arrived everywhere', () => clients.every(client => client.text('a').length === clients[0].text('a').length && client.text('a').split('[').length === 121));
  await Promise.all(clients.map(client => client.sees('b', 'rest 19')));
  const exported = comparable(await hub.notebook(room.id));
  for (const client of clients) assert.deepEqual(contentOf(client.doc), exported);
  for (let n = 0; n < clients.length; n++) for (let i = 0; i < 20; i++) assert.equal(clients[0].text('a').split(`[${n}.${i}]`).length, 2, `[${n}.${i}] exactly once`);
  clients.forEach(client => client.leave());
});

test('who comes late finds everything, also after the author left', async () => {
  const room = await next();
  const p = await Client.join(hub, room.id, { Provider: Provider1 });
  p.source('a').insert(3, ', early');
  p.insert(2, 'late', 'left behind');
  await until('the hub has it', async () => (await hub.notebook(room.id)).cells.length === 3);
  p.leave();
  for (const Provider of Object.values(versions)) {
    const q = await Client.join(hub, room.id, { Provider });
    assert.equal(q.text('a'), 'one, early');
    assert.equal(q.text('late'), 'left behind');
    q.leave();
  }
});

test('ids never given out are 404, closed rooms 409', async () => {
  const { Raw } = await import('./clients.mjs');
  const { token } = await import('./hub.mjs');
  const strange = await new Raw(`${hub.ws}/ws/4b0e6b3c-0000-4000-8000-000000000000?token=${token}`).ended;
  assert.equal(strange.status, 404);
  const room = await next();
  await hub.must('DELETE', `/api/v1/rooms/${room.id}`);
  assert.equal((await new Raw(`${hub.ws}/ws/${room.id}?token=${token}`).ended).status, 409);
  assert.equal((await new Raw(`${hub.ws}/ws/${room.id}?token=wrong`).ended).status, 401);
});
