#!/usr/bin/env bash
# Runs each native fuzz target for some seconds, then many fresh differential seeds.
#   oracle/fuzz.sh [seconds per target, default 30] [seeds, default 2000]
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
cd ..
for target in $(go test -list '^Fuzz' . | grep '^Fuzz'); do
  echo "fuzzing $target for ${1:-30} s"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "${1:-30}s" -parallel 2 .
done
# A first seed that differs from run to run; a failing one prints itself.
seed=$(date +%s)
echo "differential seeds from $seed"
"$here/test-yjs-oracle.sh" -seed="$seed" -seeds="${2:-2000}" -v
