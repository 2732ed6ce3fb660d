// Real clients under remote control: one JSON command a line on stdin, one JSON
// answer a line on stdout. A client is a YNotebook of @jupyter/ydoc (ydoc3,
// ydoc4), or JupyterLab's notebook model attached to one (lab45, lab46).
//
//   {op: 'open', name, client}    makes a client
//   {op: 'apply', name, update}   hands it an update (base64) as from the server
//   {op: 'call', name, code}      runs code with notebook, doc, Y and model in scope
//   {op: 'own', name}             gives what it wrote itself since it was last asked
//   {op: 'read', name}            tells what it shows, what it wrote itself, and what went wrong
import './browser.mjs';
import { createRequire } from 'node:module';
import readline from 'node:readline';
import * as Y from 'yjs';
import { YNotebook as YNotebook3 } from 'ydoc3';
import { YNotebook as YNotebook4 } from 'ydoc4';
import { structure } from './structure.mjs';

const require = createRequire(import.meta.url);
const clients = new Map();
let faults = [];
console.error = (...words) => faults.push(words.map(word => word?.stack ?? String(word)).join(' '));
console.warn = () => {};
console.log = () => {};

function make(kind) {
  if (kind === 'ydoc3') return { Y, notebook: new YNotebook3() };
  if (kind === 'ydoc4') return { Y, notebook: new YNotebook4() };
  const lab = require(`./build/${kind}.cjs`);
  const notebook = new lab.YNotebook({ disableDocumentWideUndoRedo: true });
  const model = new lab.NotebookModel({ sharedModel: notebook, collaborationEnabled: true, disableDocumentWideUndoRedo: true });
  return { Y: lab.Y, notebook, model };
}

function open({ name, client }) {
  const c = make(client);
  c.doc = c.notebook.ydoc;
  c.own = [];
  c.changes = [];
  c.doc.on('update', (update, origin) => {
    if (origin !== 'server') c.own.push(Buffer.from(update).toString('base64'));
  });
  c.notebook.changed.connect((_, change) => {
    if (change.cellsChange) c.changes.push(change.cellsChange.map(step => Object.keys(step)[0] + (step.insert?.length ?? step.delete ?? step.retain)));
  });
  clients.set(name, c);
}

function read(name) {
  const c = clients.get(name);
  const answer = {
    notebook: c.notebook.toJSON(),
    ids: c.notebook.cells.map(cell => cell.getId()),
    states: c.notebook.cells.map(cell => cell.executionState ?? ''),
    structure: structure(c.doc),
    own: c.own,
    changes: c.changes,
    faults,
  };
  if (c.model) answer.views = Array.from(c.model.cells, cell => (cell.outputs ? cell.outputs.toJSON() : null));
  c.own = [];
  c.changes = [];
  faults = [];
  return answer;
}

function carryOut(command) {
  const c = clients.get(command.name);
  switch (command.op) {
    case 'open':
      open(command);
      return {};
    case 'apply':
      try {
        c.Y.applyUpdate(c.doc, Buffer.from(command.update, 'base64'), 'server');
      } catch (error) {
        faults.push(error.stack);
      }
      return {};
    case 'call':
      new Function('notebook', 'doc', 'Y', 'model', command.code)(c.notebook, c.doc, c.Y, c.model);
      return {};
    case 'own':
      return { own: c.own.splice(0) };
    case 'read':
      return read(command.name);
  }
  throw new Error(`no such op: ${command.op}`);
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', line => {
  let answer;
  try {
    answer = carryOut(JSON.parse(line));
  } catch (error) {
    answer = { error: error.stack };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
lines.on('close', () => process.exit(0));
