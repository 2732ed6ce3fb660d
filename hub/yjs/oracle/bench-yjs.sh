#!/usr/bin/env bash
# Prints the speed table of this engine: its processor time beside that of npm yjs for the same work on the same bytes.
# Both run in turn, some rounds long; the medians count. It fails when a row is missed.
#   oracle/bench-yjs.sh [rounds, default 3] [rows of the Go side as a regular expression, default all]
set -euo pipefail
cd "$(dirname "$0")"
[ -d node_modules/yjs ] || npm ci --no-fund --no-audit --loglevel=error
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "preparing the inputs with npm yjs" >&2
node bench.mjs prepare "$dir"
(cd .. && go test -tags oracle -c -o "$dir/yjs.test" .)
for round in $(seq "${1:-3}"); do
  echo "round $round: npm yjs, then Go" >&2
  node --expose-gc bench.mjs run "$dir" >> "$dir/node.txt"
  (cd .. && YJS_BENCH="$dir" "$dir/yjs.test" -test.run '^$' -test.bench "^BenchmarkOracle(${2:-.*})" -test.benchtime 1x) >> "$dir/go.txt" || { cat "$dir/go.txt" >&2; exit 1; }
done
node table.mjs "$dir/node.txt" "$dir/go.txt"
