#!/usr/bin/env bash
# Breaks the engine line by line in a copy and shows which test notices (ten minutes, and several times that on a busy
# machine).
#   oracle/mutate.sh [-only=REGULAR_EXPRESSION of names]
set -euo pipefail
cd "$(dirname "$0")"
[ -d node_modules/yjs ] || npm ci --no-fund --no-audit --loglevel=error
cd ..
exec go test -tags mutation -run Mutations -v -count 1 -timeout 60m . "$@"
