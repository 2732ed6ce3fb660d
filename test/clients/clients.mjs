// Clients as people have them: y-websocket 1.5.4 and 3.1.0, and the shared
// notebooks of @jupyter/ydoc 3.5 and 4.2 over them. Nothing in them is changed;
// only talk between tabs (BroadcastChannel) is off, for here all clients are in
// one process and must meet at the hub alone.
import WebSocket from 'ws';
import * as Y from 'yjs';
import { WebsocketProvider as Provider1 } from 'yws1';
import { WebsocketProvider as Provider3 } from 'yws3';
import { YNotebook as YNotebook3 } from 'ydoc3';
import { YNotebook as YNotebook4 } from 'ydoc4';
import { token, until } from './hub.mjs';

console.warn = () => {}; // "Invalid access": ydoc reads types that are not attached yet

export const versions = { 'y-websocket 1.5.4': Provider1, 'y-websocket 3.1.0': Provider3 };
export const notebooks = { '@jupyter/ydoc 3.5': YNotebook3, '@jupyter/ydoc 4.2': YNotebook4 };

// Client is one attached client, plain or with a YNotebook.
export class Client {
  constructor(hub, room, { Provider = Provider3, Notebook, doc, route = '/ws', params = {}, ...options } = {}) {
    this.hub = hub;
    this.notebook = Notebook ? new Notebook({ disableDocumentWideUndoRedo: true }) : undefined;
    this.doc = doc ?? this.notebook?.ydoc ?? new Y.Doc();
    this.syncs = 0;
    this.closes = [];
    this.opened = 0;
    this.provider = new Provider(hub.ws + route, room, this.doc, {
      WebSocketPolyfill: WebSocket, disableBc: true, params: { token, ...params }, connect: false,
      ...(this.notebook ? { awareness: this.notebook.awareness } : {}), ...options,
    });
    this.provider.on('sync', synced => { this.syncs += synced ? 1 : 0; });
    this.provider.on('connection-close', event => { if (event) this.closes.push({ code: event.code, reason: String(event.reason) }); });
    this.provider.on('status', ({ status }) => { this.opened += status === 'connected' ? 1 : 0; });
    this.provider.on('connection-error', () => {});
  }

  // join connects and waits for the first sync.
  static async join(hub, room, options) {
    const client = new Client(hub, room, options);
    client.connect();
    await client.synced();
    return client;
  }

  connect() { this.provider.connect(); }
  disconnect() { this.provider.disconnect(); }
  synced() { return until(() => `client synced; closes ${JSON.stringify(this.closes)}`, () => this.provider.synced); }
  // drop breaks the connection under the provider, which comes back by itself.
  drop() { this.provider.ws?.terminate(); }
  leave() {
    this.provider.destroy();
    this.provider.awareness.destroy();
    this.notebook?.dispose();
    this.doc.destroy();
  }

  get awareness() { return this.provider.awareness; }
  get cells() { return this.doc.getArray('cells'); }
  ids() { return this.cells.map(cell => cell.get('id')); }
  index(id) { return this.ids().indexOf(id); }
  source(id) { return this.cells.toArray().find(cell => cell.get('id') === id)?.get('source'); }
  text(id) { return this.source(id)?.toString(); }
  state(key) { return this.doc.getMap('state').get(key); }
  hubRoot(key) { return this.doc.getMap('hub').get(key); }
  sees(id, want) { return until(() => `cell ${id} holds ${JSON.stringify(want)}, not ${JSON.stringify(this.text(id))}`, () => this.text(id) === want); }
  insert(at, id, source, more = {}) { this.cells.insert(at, [cellOf(id, source, more)]); }
}

// cellOf makes a code cell as Jupyter's shared notebook does.
export function cellOf(id, source, more = {}) {
  const cell = new Y.Map();
  const fields = {
    source: new Y.Text(source), metadata: new Y.Map(), cell_type: 'code', id, outputs: new Y.Array(), execution_count: null, ...more,
  };
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) cell.set(key, value);
  return cell;
}

// comparable is what the file and a document have in common, in one spelling.
export function comparable(notebook) {
  const join = value => (Array.isArray(value) ? value.join('') : value);
  return notebook.cells.map(cell => ({
    id: cell.id, cell_type: cell.cell_type, source: join(cell.source), metadata: cell.metadata ?? {},
    outputs: (cell.outputs ?? []).map(output => ('text' in output ? { ...output, text: join(output.text) } : output)),
  }));
}

// contentOf is comparable for a document that has no notebook around it.
export function contentOf(doc) {
  return comparable({ cells: doc.getArray('cells').toJSON() });
}

// Raw is a bare WebSocket that keeps what it got.
export class Raw {
  constructor(url, protocols, options) {
    this.frames = [];
    this.ws = new WebSocket(url, protocols, options);
    this.ws.binaryType = 'nodebuffer';
    this.ended = new Promise(resolve => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
      this.ws.on('unexpected-response', (_, answer) => resolve({ status: answer.statusCode }));
      this.ws.on('error', error => resolve({ error: error.message }));
    });
    this.ws.on('message', (data, binary) => this.frames.push({ data, binary, at: performance.now() }));
  }

  async open() {
    await Promise.race([new Promise(resolve => { this.ws.on('open', resolve); }), this.ended]);
    return this;
  }

  send(bytes) { this.ws.send(Uint8Array.from(bytes)); }
}

export { Y, Provider1, Provider3, YNotebook3, YNotebook4, WebSocket };
