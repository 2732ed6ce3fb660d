#!/bin/sh
# Lets Jupyter's own clients judge package nbdoc: installs them when they are
# missing, bundles JupyterLab's models, and runs the tests with tag oracle.
set -eu
cd "$(dirname "$0")"
for folder in . lab45 lab46; do
  if [ ! -d "$folder/node_modules" ] || [ "$folder/package-lock.json" -nt "$folder/node_modules" ]; then
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules)
  fi
done
if [ ! -f build/lab46.cjs ] || [ bundle.mjs -nt build/lab46.cjs ] || [ lab45/node_modules -nt build/lab46.cjs ] || [ lab46/node_modules -nt build/lab46.cjs ]; then
  node bundle.mjs
fi
exec go test -tags oracle -count=1 . "$@"
