// Bundles JupyterLab's notebook model, at the two pinned versions, into modules
// that node can load: build/lab45.cjs and build/lab46.cjs.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const here = path.dirname(fileURLToPath(import.meta.url));
for (const version of ['lab45', 'lab46']) {
  await build({
    stdin: {
      contents: `
        export { NotebookModel } from '@jupyterlab/notebook/lib/model';
        export { YNotebook } from '@jupyter/ydoc';
        export * as Y from 'yjs';`,
      resolveDir: path.join(here, version),
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: path.join(here, 'build', `${version}.cjs`),
    loader: { '.svg': 'text', '.css': 'empty', '.woff': 'empty', '.woff2': 'empty', '.ttf': 'empty', '.eot': 'empty', '.png': 'empty' },
    logLevel: 'error',
  });
}
