#!/usr/bin/env bash
# Runs the tests that need node: random schedules with npm yjs as the judge.
#   oracle/test-yjs-oracle.sh [further go test flags, such as -seeds=1000 or -seed=42]
set -euo pipefail
cd "$(dirname "$0")"
command -v node > /dev/null || { echo "test-yjs-oracle: node is needed" >&2; exit 1; }
[ -d node_modules/yjs ] || npm ci --no-fund --no-audit --loglevel=error
cd ..
exec go test -tags oracle -run Oracle -count 1 -timeout 20m . "$@"
