#!/usr/bin/env bash
# Runs each native fuzz target for some seconds, then fresh seeds of the engine against npm yjs.
#   ci/fuzz.sh [seconds each, default 30]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
for package in $(go list ./... | grep -v /hub/yjs$); do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    echo "fuzzing $package $target for $seconds s"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" -parallel 2 "$package"
  done
done
ci/npm.sh hub/yjs/oracle
hub/yjs/oracle/fuzz.sh "$seconds"
