// Presence, idle connections and keep-alive. These tests wait for real time, so
// all of them run at once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, versions } from './clients.mjs';
import { Hub, notebookOf, pause, until } from './hub.mjs';

let hub;
before(async () => { hub = await Hub.start({ files: Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`n${i}.ipynb`, notebookOf('one', 'two')])) }); });
after(() => hub.stop());
let used = 0;
const next = () => hub.open(`n${used++}.ipynb`);

describe('real time', { concurrency: true }, () => {
  for (const [name, Provider] of Object.entries(versions)) {
    test(`${name}: an idle client alone in its room stays for 40 s without one reconnect`, async () => {
      const room = await next();
      const p = await Client.join(hub, room.id, { Provider });
      p.awareness.setLocalState(null); // it does not even say that it is there
      await pause(40000);
      assert.deepEqual(p.closes, []);
      assert.deepEqual([p.opened, p.syncs, p.provider.synced], [1, 1, true]);
      await hub.patch(room.id, 'a', { source: 'still here' });
      await p.sees('a', 'still here');
      p.leave();
    });

    test(`${name}: an idle client beside a busy one stays too`, async () => {
      const room = await next();
      const [p, busy] = await Promise.all([Client.join(hub, room.id, { Provider }), Client.join(hub, room.id, { Provider })]);
      for (let i = 0; i < 360; i++) {
        busy.source('a').insert(0, 'x');
        await pause(100);
      }
      await until('everything arrived', () => p.text('a').length === 363);
      assert.deepEqual(p.closes, []);
      assert.equal(p.opened, 1);
      p.leave();
      busy.leave();
    });

    test(`${name}: who joins sees the others at once, who leaves is gone soon, a reconnect is no leave`, async () => {
      const room = await next();
      const p = await Client.join(hub, room.id, { Provider });
      p.awareness.setLocalStateField('user', { name: 'Ann', color: '#aa0000' });
      await pause(50);
      const started = performance.now();
      const q = await Client.join(hub, room.id, { Provider });
      q.awareness.setLocalStateField('user', { name: 'Bob' });
      await until('q knows p', () => q.awareness.getStates().get(p.doc.clientID)?.user?.name === 'Ann', 1000);
      assert.ok(performance.now() - started < 1000, `took ${performance.now() - started} ms`);
      await until('p knows q', () => p.awareness.getStates().has(q.doc.clientID), 1000);
      q.awareness.setLocalStateField('cursor', { cell: 'a', at: 2 });
      await until('p sees the cursor', () => p.awareness.getStates().get(q.doc.clientID)?.cursor?.at === 2, 1000);

      let removed = 0;
      p.awareness.on('change', change => { removed += change.removed.includes(q.doc.clientID) ? 1 : 0; });
      q.drop();
      await until('q is back', () => q.opened === 2 && q.provider.synced, 5000);
      await pause(6000);
      assert.equal(removed, 0, 'a reconnect is no leave');
      assert.ok(p.awareness.getStates().has(q.doc.clientID));

      q.provider.shouldConnect = false; // a hard close: it neither says goodbye nor comes back
      q.drop();
      const gone = performance.now();
      await until('q is gone', () => !p.awareness.getStates().has(q.doc.clientID), 9000);
      assert.ok(performance.now() - gone < 8500, `gone after ${performance.now() - gone} ms`);
      p.leave();
      q.leave();
    });
  }
});
