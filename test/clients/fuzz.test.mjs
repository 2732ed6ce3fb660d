// Convergence under everything at once: clients of all kinds edit at random,
// lose their connections, come back; rooms are evicted, the hub is ended,
// cleanly and not, and started again. At the end everybody and the hub's export
// are equal, and every mark that anyone left is there once. FUZZ_SEED repeats
// one seed, FUZZ_SEEDS runs more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, Provider1, Provider3, YNotebook3, YNotebook4, comparable, contentOf } from './clients.mjs';
import { Hub, notebookOf, pause, until } from './hub.mjs';

const kinds = [{ Provider: Provider1 }, { Provider: Provider3 }, { Provider: Provider1, Notebook: YNotebook3 }, { Provider: Provider3, Notebook: YNotebook4 },
  { Provider: Provider3, Notebook: YNotebook3 }, { Provider: Provider1, Notebook: YNotebook4 }];

// random is a small generator with a seed (mulberry32).
function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { below: n => Math.floor(next() * n), chance: p => next() < p };
}

const words = ['x', 'print(1)\n', '🐍', 'é', '\n', 'value = 12', '# '];

// edit does one random thing. The first cell, "a", is only ever added to: every
// mark in it must be there at the end.
function edit(client, rng, mark) {
  const cells = client.cells;
  const at = cells.length > 1 ? 1 + rng.below(cells.length - 1) : -1;
  const source = at > 0 ? cells.get(at).get('source') : undefined;
  switch (rng.below(9)) {
    case 0:
      return client.notebook ? void client.notebook.insertCell(1 + rng.below(cells.length), { cell_type: ['code', 'markdown', 'raw'][rng.below(3)], source: mark })
        : client.insert(1 + rng.below(cells.length), mark.replace(/[^A-Za-z0-9_-]/g, '-'), mark);
    case 1:
      if (at > 0 && cells.length > 4) cells.delete(at, 1);
      return undefined;
    case 2:
      if (at > 0 && client.notebook) client.notebook.moveCell(at, 1 + rng.below(cells.length - 1));
      return undefined;
    case 3:
      if (source?.length) source.delete(rng.below(source.length), 1);
      return undefined;
    case 4:
      if (at > 0) cells.get(at).get('metadata').set(['tags', 'name', 'deep'][rng.below(3)], [rng.below(9), { k: mark }][rng.below(2)]);
      return undefined;
    case 5: {
      const text = client.source('a');
      marks.push(mark);
      return text.insert(0, mark);
    }
    default:
      if (source) source.insert(rng.below(source.length + 1), words[rng.below(words.length)]);
      return undefined;
  }
}
let marks = [];

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map(key => [key, sorted(value[key])]));
}

async function scenario(seed) {
  const rng = random(seed);
  marks = [];
  const hub = await Hub.start({ files: { 'n.ipynb': notebookOf('', 'two', 'three') } });
  let clients = [];
  const told = [];
  try {
    const room = await hub.open('n.ipynb');
    const count = 4 + rng.below(5);
    clients = await Promise.all(Array.from({ length: count }, (_, i) => Client.join(hub, room.id, kinds[(i + rng.below(2)) % kinds.length])));
    for (let step = 0; step < 140; step++) {
      const i = rng.below(count), client = clients[i];
      const dice = rng.below(100);
      if (dice < 76) {
        for (let n = 1 + rng.below(3); n > 0; n--) edit(client, rng, `{${i}.${step}.${n}}`);
      } else if (dice < 84) {
        client.drop();
      } else if (dice < 90) {
        client.disconnect();
      } else if (dice < 95) {
        client.connect();
      } else if (dice < 97) {
        told.push(`${step} evict`);
        clients.forEach(one => one.disconnect());
        await until('evicted', async () => (await hub.rooms()).length === 0);
        clients.forEach(one => { if (rng.chance(0.8)) one.connect(); });
      } else if (dice < 99) {
        const signal = rng.chance(0.5) ? 'SIGKILL' : 'SIGTERM';
        told.push(`${step} ${signal}`);
        const began = performance.now();
        await hub.restart(signal);
        told.push(`${Math.round(performance.now() - began)} ms`);
      } else {
        const cells = (await hub.must('GET', `/api/v1/rooms/${room.id}/cells`)).cells;
        const cell = cells[rng.below(cells.length)];
        if (cell.id !== 'a') await hub.call('PATCH', `/api/v1/rooms/${room.id}/cells/${cell.id}`, { source: `${cell.source} rest` });
      }
      if (rng.chance(0.5)) await pause(rng.below(30));
    }
    clients.forEach(client => client.connect());
    await until('all synced', () => clients.every(client => client.provider.synced), 20000);
    // Maps list their keys in the order in which they came, which is everybody's own.
    const spelled = client => JSON.stringify(sorted(contentOf(client.doc)));
    await until(() => `everybody equal: ${clients.map(client => `${client.cells.length} cells, pending ${!!client.doc.store.pendingStructs}`)}`, () => clients.every(client => spelled(client) === spelled(clients[0])), 20000);
    const exported = comparable(await hub.notebook(room.id));
    assert.deepEqual(contentOf(clients[0].doc), exported);
    for (const client of clients) {
      assert.deepEqual([client.doc.store.pendingStructs, client.doc.store.pendingDs], [null, null]);
      if (client.notebook) assert.deepEqual(comparable(client.notebook.toJSON()), exported, 'the mirror of the notebook');
    }
    const text = clients[0].text('a');
    for (const mark of marks) assert.equal(text.split(mark).length, 2, `${mark} exactly once`);
    assert.equal(text.length, marks.reduce((sum, mark) => sum + mark.length, 0), 'nothing else in it');
    assert.equal(new Set(clients[0].ids()).size, clients[0].ids().length, 'every id once');
    await hub.must('POST', `/api/v1/rooms/${room.id}/save`, {});
    assert.deepEqual(comparable(JSON.parse(hub.read('n.ipynb'))), exported, 'the file');
  } catch (error) {
    error.message = `seed ${seed} (${told.join(', ')}): ${error.message}\n${hub.log.split('\n').filter(line => /WARN|ERROR|panic/.test(line)).slice(-20).join('\n')}`;
    throw error;
  } finally {
    clients.forEach(client => client.leave());
    await hub.stop();
  }
}

const seeds = process.env.FUZZ_SEED ? [Number(process.env.FUZZ_SEED)] : Array.from({ length: Number(process.env.FUZZ_SEEDS ?? 6) }, (_, i) => i + 1);
for (const seed of seeds) test(`everybody agrees in the end, seed ${seed}`, () => scenario(seed));
