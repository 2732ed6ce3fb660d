// The real hub as a process of its own, on loopback, with a folder and a state
// directory that are gone afterwards.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const token = 'secret-of-the-test';
const running = new Set();
process.on('exit', () => running.forEach(child => child.kill('SIGKILL')));
process.setMaxListeners(0); // every provider listens for the end

export class Hub {
  // start makes a folder with the files given as {name: content} and a hub on it.
  static async start({ files = {}, flags = [] } = {}) {
    const hub = new Hub();
    hub.home = fs.mkdtempSync(path.join(process.env.CLIENTS_TEMP ?? os.tmpdir(), 'hub-'));
    hub.dir = path.join(hub.home, 'root');
    hub.flags = flags;
    hub.log = '';
    for (const sub of ['root', 'state', 'run']) fs.mkdirSync(path.join(hub.home, sub), { mode: 0o700 });
    for (const [name, content] of Object.entries(files)) hub.write(name, content);
    await hub.up();
    return hub;
  }

  // up starts the process; the second time on the port that it had.
  async up() {
    const args = ['serve', '--root-dir', this.dir, '--state-dir', path.join(this.home, 'state'), '--port', String(this.port ?? 0),
      '--token', token, '--room-idle', '1s', ...this.flags];
    const child = spawn(process.env.HUB, args, { env: { ...process.env, XDG_RUNTIME_DIR: path.join(this.home, 'run') }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    this.child = child;
    this.ended = once(child, 'exit').finally(() => running.delete(child));
    child.stderr.on('data', data => { this.log += data; });
    const port = await this.readyPort(child);
    if (this.port !== undefined && this.port !== port) throw new Error(`the hub came back on port ${port}, not ${this.port}`);
    this.port = port;
    this.http = `http://127.0.0.1:${port}`;
    this.ws = `ws://127.0.0.1:${port}`;
  }

  readyPort(child) {
    let said = '';
    return new Promise((resolve, reject) => {
      child.stdout.on('data', data => {
        said += data;
        const match = /http:\/\/[^/]*:(\d+)\//.exec(said);
        if (match) resolve(Number(match[1]));
      });
      this.ended.then(() => reject(new Error(`the hub did not start: ${said}${this.log}`)));
    });
  }

  // down ends the process, with SIGTERM cleanly, and returns its exit code.
  async down(signal = 'SIGTERM') {
    this.child.kill(signal);
    const [code] = await this.ended;
    return code;
  }

  async restart(signal) {
    await this.down(signal);
    await this.up();
  }

  // stop ends everything and removes the folders.
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.down();
    fs.rmSync(this.home, { recursive: true, force: true });
  }

  write(name, content) {
    const file = path.join(this.dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }

  read(name) { return fs.readFileSync(path.join(this.dir, name), 'utf8'); }

  // call makes a request and returns {status, body, headers}; JSON is decoded.
  async call(method, route, body, headers = {}) {
    const answer = await fetch(this.http + route, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    let value = text;
    try { value = JSON.parse(text); } catch { /* not JSON */ }
    return { status: answer.status, body: value, text, headers: answer.headers };
  }

  // must is call for requests that have to succeed.
  async must(method, route, body, headers) {
    const answer = await this.call(method, route, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${route}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async open(name, more = {}) { return (await this.must('POST', '/api/v1/rooms', { ...(name ? { path: name } : {}), ...more })); }
  async rooms() { return (await this.must('GET', '/api/v1/rooms')).rooms; }
  notebook(room) { return this.must('GET', `/api/v1/rooms/${room}/notebook`); }
  patch(room, cell, patch) { return this.must('PATCH', `/api/v1/rooms/${room}/cells/${cell}`, patch); }
  cell(room, cell) { return this.must('GET', `/api/v1/rooms/${room}/cells/${cell}`); }
}

// until waits for a condition, and fails with what was waited for.
export async function until(what, holds, limit = 15000) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain: ${typeof what === 'function' ? what() : what}`);
    await pause(15);
  }
}

export const pause = ms => new Promise(resolve => { setTimeout(resolve, ms); });

// notebook spells an .ipynb of code cells whose ids are a, b, c and so on.
export function notebookOf(...sources) {
  const cells = sources.map((source, i) => ({
    cell_type: 'code', execution_count: null, id: String.fromCharCode(97 + i), metadata: {}, outputs: [],
    source: source.split(/(?<=\n)/).filter(line => line !== ''),
  }));
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, null, 1) + '\n';
}
