// A small stand-in for the hub, in memory.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, existsSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import * as Y from "yjs";
import * as awarenessProtocol from "y-protocols/awareness";
import * as syncProtocol from "y-protocols/sync";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist");
const CSP = /PageCSP = "([^"]*)" \+\n\t"([^"]*)" \+\n\t"([^"]*)"/.exec(readFileSync(join(dist, "../embed.go"), "utf8"));
const pageCSP = CSP.slice(1).join("");
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

export function startFake(notebooks = {}) {
  const files = new Map(Object.entries(notebooks).map(([p, nb]) => [p, { text: JSON.stringify(nb), modified: new Date().toISOString() }]));
  const rooms = new Map();
  const feeds = new Set();
  let seq = 0;
  const tell = (type, room, data = {}) => { for (const res of feeds) res.write(`id: ${++seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type, room, time: new Date().toISOString(), data })}\n\n`); };

  function open(path) {
    for (const room of rooms.values()) if (room.path === path && path) return room;
    const doc = new Y.Doc();
    const room = { id: randomUUID(), lineage: randomUUID(), path, doc, awareness: new awarenessProtocol.Awareness(doc), conns: new Map(), saved: null, unsaved: false };
    room.awareness.setLocalState(null);
    const nb = path && files.has(path) ? JSON.parse(files.get(path).text) : { cells: [{ id: "first", cell_type: "code", source: "", metadata: {}, outputs: [], execution_count: null }], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    doc.transact(() => {
      const meta = doc.getMap("meta");
      const md = new Y.Map();
      for (const [k, v] of Object.entries(nb.metadata ?? {})) md.set(k, v);
      meta.set("metadata", md); meta.set("nbformat", 4); meta.set("nbformat_minor", 5);
      doc.getArray("cells").push(nb.cells.map((c, i) => {
        const m = new Y.Map();
        const cm = new Y.Map();
        for (const [k, v] of Object.entries(c.metadata ?? {})) cm.set(k, v);
        m.set("id", c.id ?? "c" + i); m.set("cell_type", c.cell_type); m.set("source", new Y.Text([c.source].flat().join(""))); m.set("metadata", cm);
        if (c.attachments) m.set("attachments", c.attachments);
        if (c.cell_type === "code") {
          m.set("execution_count", c.execution_count ?? null);
          m.set("outputs", Y.Array.from((c.outputs ?? []).map((o) => { const om = new Y.Map(); for (const [k, v] of Object.entries(o)) om.set(k, k === "text" && o.output_type === "stream" ? new Y.Text([v].flat().join("")) : v); return om; })));
        }
        return m;
      }));
      doc.getMap("state").set("path", path); doc.getMap("state").set("dirty", false);
      const hub = doc.getMap("hub");
      hub.set("lineage", room.lineage); hub.set("rev", 0); hub.set("saved", path && files.has(path) ? { sha256: "0".repeat(64), time: new Date().toISOString() } : null);
      hub.set("state", { name: "live" }); hub.set("kernel", { name: "python3", display_name: "Python 3", language: "python", status: "idle" }); hub.set("queue", []); hub.set("prompt", null); hub.set("error", null);
    });
    doc.on("update", (update, origin) => {
      const e = encoding.createEncoder(); encoding.writeVarUint(e, 0); syncProtocol.writeUpdate(e, update);
      for (const ws of room.conns.keys()) if (ws !== origin) ws.send(encoding.toUint8Array(e));
      if (origin && origin !== "hub") {
        if (!doc.getMap("state").get("dirty")) doc.transact(() => doc.getMap("state").set("dirty", true), "hub");
        room.unsaved = true;
        const c = room.conns.get(origin); c.updates++;
        setTimeout(() => event(origin, { type: "ack", state_vector: Buffer.from(Y.encodeStateVector(doc)).toString("base64"), updates: c.received }), 4);
      }
    });
    room.awareness.on("update", ({ added, updated, removed }) => {
      const e = encoding.createEncoder(); encoding.writeVarUint(e, 1); encoding.writeVarUint8Array(e, awarenessProtocol.encodeAwarenessUpdate(room.awareness, [...added, ...updated, ...removed]));
      for (const ws of room.conns.keys()) ws.send(encoding.toUint8Array(e));
    });
    rooms.set(room.id, room);
    tell("opened", room.id);
    return room;
  }
  const event = (ws, json) => { const e = encoding.createEncoder(); encoding.writeVarUint(e, 100); encoding.writeVarString(e, JSON.stringify(json)); ws.send(encoding.toUint8Array(e)); };
  const info = (r) => ({ id: r.id, lineage: r.lineage, path: r.path || null, rev: 0, state: r.doc.getMap("hub").get("state").name, unsaved: r.unsaved, saved: r.doc.getMap("hub").get("saved"), peers: [...r.conns.values()].map((c) => ({ id: c.id, name: c.name, read_only: false, since: new Date().toISOString() })), kernel: r.doc.getMap("hub").get("kernel"), queue: [], cells: 0, open: true });
  function notebook(r) {
    const cells = r.doc.getArray("cells").toJSON().map(({ execution_state, ...c }) => c);
    return { cells, metadata: r.doc.getMap("meta").toJSON().metadata, nbformat: 4, nbformat_minor: 5 };
  }
  function save(r, params) {
    const path = params.path ?? r.path;
    if (!path) throw { status: 422, code: "invalid_path", detail: "an untitled notebook needs a path" };
    if (params.path && params.path !== r.path) {
      const other = [...rooms.values()].find((o) => o !== r && o.path === params.path);
      if (other) throw { status: 409, code: "path_already_open", detail: `${path} is already open`, room: other.id, path };
      if (files.has(params.path) && !params.overwrite) throw { status: 409, code: "file_exists", detail: `${path} is there already` };
    }
    const text = JSON.stringify(notebook(r), null, 1) + "\n";
    files.set(path, { text, modified: new Date().toISOString() });
    const sha256 = createHash("sha256").update(text).digest("hex");
    const time = new Date().toISOString();
    const moved = path !== r.path;
    r.path = path; r.unsaved = false;
    r.doc.transact(() => { r.doc.getMap("state").set("path", path); r.doc.getMap("state").set("dirty", false); r.doc.getMap("hub").set("saved", { sha256, time }); r.doc.getMap("hub").set("state", { name: "live" }); r.doc.getMap("hub").set("error", null); }, "hub");
    for (const ws of r.conns.keys()) { if (moved) event(ws, { type: "path_changed", path, rev: 1, by: "Somebody" }); event(ws, { type: "saved", path, rev: 1, sha256, time }); }
    tell("saved", r.id);
    return { path, rev: 1, sha256, time, written: true };
  }

  const server = createServer(async (req, res) => {
    const url = new URL(req.url, "http://x");
    const path = decodeURIComponent(url.pathname);
    const body = await new Promise((ok) => { let s = ""; req.on("data", (d) => (s += d)); req.on("end", () => ok(s)); });
    const send = (status, value) => { res.writeHead(status, { "Content-Type": status >= 400 ? "application/problem+json" : "application/json" }); res.end(value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value)); };
    const fail = (status, code, detail) => send(status, { type: "x", title: code, status, code, detail });
    try {
      let m;
      if (path === "/api/v1/events") { res.writeHead(200, { "Content-Type": "text/event-stream" }); res.write(":\n\n"); feeds.add(res); req.on("close", () => feeds.delete(res)); return; }
      if (path === "/api/v1/notebooks" && req.method === "GET") {
        const dir = url.searchParams.get("dir") ?? ""; const rec = url.searchParams.get("recursive"); const prefix = dir ? dir + "/" : ""; const folders = new Set(); const entries = [];
        for (const [p, f] of files) { if (!p.startsWith(prefix)) continue; const rest = p.slice(prefix.length); if (rest.includes("/") && !rec) folders.add(prefix + rest.split("/")[0]); else { const room = [...rooms.values()].find((r) => r.path === p); entries.push({ type: "notebook", path: p, size: f.text.length, modified: f.modified, ...(room ? { room: info(room) } : {}) }); } }
        return send(200, { dir, truncated: false, entries: [...[...folders].sort().map((p) => ({ type: "folder", path: p, size: 0, modified: new Date().toISOString() })), ...entries.sort((a, b) => (a.path < b.path ? -1 : 1))] });
      }
      if (path === "/api/v1/notebooks" && req.method === "POST") { const { from } = JSON.parse(body); const to = from.replace(".ipynb", "-copy.ipynb"); files.set(to, { ...files.get(from) }); tell("listing"); return send(201, { path: to }); }
      if ((m = /^\/api\/v1\/notebooks\/(.+)$/.exec(path))) {
        if (req.method === "DELETE") { files.delete(m[1]); tell("listing"); return send(200, { id: "t", path: m[1], deleted: new Date().toISOString(), by: "", size: 1 }); }
        if (req.method === "PUT") { files.set(m[1], { text: body, modified: new Date().toISOString() }); tell("listing"); return send(201, { path: m[1] }); }
        return files.has(m[1]) ? send(200, files.get(m[1]).text) : fail(404, "notebook_not_found", "there is no such notebook");
      }
      if (path === "/api/v1/trash") return send(200, { entries: [] });
      if (path === "/api/v1/kernelspecs") return send(200, { kernelspecs: [{ name: "python3", display_name: "Python 3", language: "python" }, { name: "ir", display_name: "R", language: "R", problem: "R is not installed" }] });
      if (path === "/api/v1/rooms" && req.method === "GET") return send(200, { rooms: [...rooms.values()].map(info) });
      if (path === "/api/v1/rooms") { const b = JSON.parse(body || "{}"); if (b.path && !b.create && !files.has(b.path)) return fail(404, "notebook_not_found", "There is no such notebook."); return send(201, info(open(b.path ?? ""))); }
      if ((m = /^\/api\/v1\/rooms\/([^/]+)(\/.*)?$/.exec(path))) {
        const r = rooms.get(m[1]); if (!r) return fail(404, "room_not_found", "No such room.");
        const b = body ? JSON.parse(body) : {};
        if (!m[2]) { if (req.method === "DELETE") { rooms.delete(r.id); for (const ws of r.conns.keys()) { event(ws, { type: "goodbye", reason: "closed" }); ws.close(1012); } } return send(200, info(r)); }
        if (m[2] === "/save" || m[2] === "/rename") return send(200, save(r, b));
        if (m[2] === "/notebook") return send(200, notebook(r));
        if (m[2] === "/disk") return send(200, files.get(r.path).text);
        if (m[2] === "/versions") return send(200, { versions: [] });
        if (m[2] === "/resolve") { r.doc.transact(() => r.doc.getMap("hub").set("state", { name: "live" }), "hub"); return send(200, info(r)); }
        return fail(404, "not_found", "not served");
      }
      let file = join(dist, path);
      if (path === "/" || /^\/(tree|notebooks|rooms)\//.test(path)) file = join(dist, "index.html");
      if (!existsSync(file)) return fail(404, "not_found", "no such page");
      res.writeHead(200, { "Content-Type": types[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": path === "/sandbox.html" ? "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; connect-src 'none'" : pageCSP });
      res.end(readFileSync(file));
    } catch (e) { if (e.code) fail(e.status, e.code, e.detail); else { console.error(e); fail(500, "internal", String(e)); } }
  });
  const wss = new WebSocketServer({ server, handleProtocols: () => "notebook-hub.v1" });
  wss.on("connection", (ws, req) => {
    const url = new URL(req.url, "http://x");
    const r = rooms.get(url.pathname.split("/").pop());
    if (!r) return ws.close(4404);
    const conn = { id: randomUUID(), name: url.searchParams.get("name") ?? "", clients: new Set(), updates: 0, received: 0 };
    r.conns.set(ws, conn);
    tell("joined", r.id);
    event(ws, { type: "hello", room: r.id, lineage: r.lineage, path: r.path || null, rev: 0, peer: conn.id, name: conn.name, read_only: false, limits: {}, version: "fake" });
    ws.on("message", (data) => {
      const d = decoding.createDecoder(new Uint8Array(data));
      const kind = decoding.readVarUint(d);
      const e = encoding.createEncoder();
      if (kind === 0) {
        encoding.writeVarUint(e, 0);
        const sub = syncProtocol.readSyncMessage(d, e, r.doc, ws, (err) => console.error(err));
        if (sub !== 0) { conn.received++; setTimeout(() => event(ws, { type: "ack", state_vector: Buffer.from(Y.encodeStateVector(r.doc)).toString("base64"), updates: conn.received }), 3); }
        if (encoding.length(e) > 1) ws.send(encoding.toUint8Array(e));
        if (sub === 0) {
          const a = encoding.createEncoder(); encoding.writeVarUint(a, 1); encoding.writeVarUint8Array(a, awarenessProtocol.encodeAwarenessUpdate(r.awareness, [...r.awareness.getStates().keys()])); ws.send(encoding.toUint8Array(a));
          const s = encoding.createEncoder(); encoding.writeVarUint(s, 0); syncProtocol.writeSyncStep1(s, r.doc); ws.send(encoding.toUint8Array(s));
        }
      } else if (kind === 1) {
        const update = decoding.readVarUint8Array(d);
        const ids = decoding.createDecoder(update); const n = decoding.readVarUint(ids);
        for (let i = 0; i < n; i++) { conn.clients.add(decoding.readVarUint(ids)); decoding.readVarUint(ids); decoding.readVarString(ids); }
        awarenessProtocol.applyAwarenessUpdate(r.awareness, update, ws);
      } else if (kind === 101) {
        const q = JSON.parse(decoding.readVarString(d));
        const reply = (json) => { const e2 = encoding.createEncoder(); encoding.writeVarUint(e2, 102); encoding.writeVarString(e2, JSON.stringify({ id: q.id, ...json })); ws.send(encoding.toUint8Array(e2)); };
        try {
          if (q.method === "save") reply({ result: save(r, q.params ?? {}) });
          else if (q.method === "execute") { reply({ result: { executions: [] } }); run(r, q.params.cells, conn.name); }
          else reply({ result: {} });
        } catch (err) { reply({ error: { code: err.code ?? "internal", detail: err.detail ?? String(err) } }); }
      }
    });
    ws.on("close", () => { r.conns.delete(ws); setTimeout(() => awarenessProtocol.removeAwarenessStates(r.awareness, [...conn.clients].filter((c) => ![...r.conns.values()].some((o) => o.clients.has(c))), null), 800); tell("left", r.id); });
  });
  let count = 0;
  function run(r, cells, by) {
    const hub = r.doc.getMap("hub");
    const queue = [...hub.get("queue"), ...cells.map((cell) => ({ id: randomUUID(), cell, by, state: "queued" }))];
    r.doc.transact(() => hub.set("queue", queue), "hub");
    const next = () => {
      const q = hub.get("queue"); if (!q.length || q[0].state === "running") return;
      const cell = r.doc.getArray("cells").toArray().find((c) => c.get("id") === q[0].cell);
      r.doc.transact(() => { hub.set("queue", [{ ...q[0], state: "running", started: new Date().toISOString() }, ...q.slice(1)]); cell.get("outputs").delete(0, cell.get("outputs").length); cell.set("execution_count", null); cell.set("execution_state", "running"); hub.set("kernel", { ...hub.get("kernel"), status: "busy" }); }, "hub");
      setTimeout(() => {
        r.doc.transact(() => { const o = new Y.Map(); o.set("output_type", "stream"); o.set("name", "stdout"); o.set("text", new Y.Text("ran: " + cell.get("source").toString())); cell.get("outputs").push([o]); cell.set("execution_count", ++count); cell.set("execution_state", "idle"); hub.set("queue", hub.get("queue").slice(1)); hub.set("kernel", { ...hub.get("kernel"), status: "idle" }); }, "hub");
        next();
      }, 400);
    };
    next();
  }
  return new Promise((ok) => server.listen(0, "127.0.0.1", () => ok({
    url: `http://127.0.0.1:${server.address().port}`, rooms, files, tell,
    drop: () => { for (const r of rooms.values()) for (const ws of r.conns.keys()) ws.terminate(); },
    hub: (path, f) => { const r = [...rooms.values()].find((o) => o.path === path); r.doc.transact(() => f(r.doc.getMap("hub"), r), "hub"); },
    close: () => { for (const res of feeds) res.end(); for (const r of rooms.values()) for (const ws of r.conns.keys()) ws.terminate(); server.close(); server.closeAllConnections(); },
  })));
}
