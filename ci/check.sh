#!/usr/bin/env bash
# What needs Go and gcc alone: form, findings of the analysers, the tests under the race detector, the build.
#   ci/check.sh [format|vet|staticcheck|race|build ...]    default: all, in this order
set -euo pipefail
cd "$(dirname "$0")/.."
tags=oracle,kernels,mutation,disks,load

format() {
  local found
  found=$(git ls-files '*.go' 2> /dev/null || find . -name '*.go' -not -path '*/node_modules/*')
  # A file that was removed but not committed yet is no fault.
  found=$(gofmt -d $(ls -d $found 2> /dev/null))
  [ -z "$found" ] || { echo "$found"; echo "format: run gofmt -w on these files" >&2; return 1; }
}
vet() {
  go vet ./...
  go vet -tags "$tags" ./...
  # With the flags of ci/dist.sh, so that what is compiled is there for it.
  for system in windows darwin; do CGO_ENABLED=0 GOFLAGS=-trimpath GOOS=$system GOARCH=amd64 go vet ./...; done
}
staticcheck() { go tool staticcheck -tags "$tags" ./...; }
race() { CGO_ENABLED=1 go test -race ./...; }
build() { mkdir -p bin && CGO_ENABLED=0 go build -trimpath -o bin/hub ./cmd/hub; }

[ $# -gt 0 ] || set -- format vet staticcheck race build
for step in "$@"; do
  echo "== $step"
  "$step"
done
