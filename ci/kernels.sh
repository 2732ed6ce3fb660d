#!/usr/bin/env bash
# Runs what needs real kernels: Python, R and Deno.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${DENO:-}" ]; then
  ci/npm.sh ci/deno
  DENO=$PWD/ci/deno/node_modules/@deno/linux-x64-glibc/deno
fi
[ -x "$DENO" ] || { echo "kernels: no Deno for this machine is known; name its program in DENO" >&2; exit 1; }
export DENO
exec go test -tags kernels -count 1 -run Real ./hub/kernel ./cmd/hub
