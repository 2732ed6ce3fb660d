// Prints the structure of the shared document that @jupyter/ydoc builds from a
// notebook: every shared type with its kind, plain values as they are.
// usage: node dump.mjs NOTEBOOK.ipynb > NOTEBOOK.json
import { readFileSync } from 'node:fs';
import { YNotebook } from 'ydoc4';
import { structure } from './structure.mjs';

const content = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const cell of content.cells) {
  for (const output of cell.outputs ?? []) {
    // The client itself would join the lines of a stream with commas.
    if (output.output_type === 'stream' && Array.isArray(output.text)) output.text = output.text.join('');
  }
}
const notebook = new YNotebook();
notebook.setSource(content);
console.log(JSON.stringify(structure(notebook.ydoc), null, 1));
process.exit(0);
