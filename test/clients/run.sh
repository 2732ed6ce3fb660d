#!/bin/sh
# Lets unmodified Yjs and Jupyter clients work with the real hub: builds it,
# installs the clients when they are missing, and runs every *.test.mjs, or the
# files given. HUB=path takes a hub that is built already.
set -eu
cd "$(dirname "$0")"
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "${HUB:-}" ]; then
  HUB="$work/hub"
  (cd ../.. && go build -o "$HUB" ./cmd/hub)
fi
export HUB CLIENTS_TEMP="$work"
[ $# -gt 0 ] || set -- *.test.mjs
timeout -k 5 420 node --test --test-concurrency=1 --test-timeout=240000 --test-force-exit --test-reporter=spec "$@"
