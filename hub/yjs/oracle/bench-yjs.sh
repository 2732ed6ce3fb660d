#!/usr/bin/env bash
# Prints the specification's speed table: this engine beside npm yjs on the same bytes.
#   oracle/bench-yjs.sh [benchtime, default 1s] [runs, default 3]
set -euo pipefail
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-fund --no-audit --loglevel=error
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "preparing the inputs with npm yjs" >&2
node bench.mjs prepare "$dir"
echo "measuring npm yjs" >&2
node --expose-gc bench.mjs run "$dir" > "$dir/node.txt"
echo "measuring Go" >&2
(cd .. && YJS_BENCH="$dir" go test -tags oracle -run '^$' -bench '^BenchmarkOracle' -benchtime "${1:-1s}" -count "${2:-3}" -timeout 30m . ) > "$dir/go.txt" || { cat "$dir/go.txt" >&2; exit 1; }
node table.mjs "$dir/node.txt" "$dir/go.txt"
