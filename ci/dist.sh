#!/usr/bin/env bash
# Builds static programs for every system into a folder, with their checksums.
#   ci/dist.sh [FOLDER, default dist]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-dist}
version=${VERSION:-$(git describe --tags --always --dirty 2> /dev/null || echo dev)}
mkdir -p "$out"
rm -f "$out"/hub-*
for system in linux darwin windows; do
  for machine in amd64 arm64; do
    name=hub-$version-$system-$machine
    [ $system = windows ] && name=$name.exe
    echo "building $name"
    CGO_ENABLED=0 GOOS=$system GOARCH=$machine go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$out/$name" ./cmd/hub
  done
done
(cd "$out" && sha256sum hub-* > SHA256SUMS && cat SHA256SUMS)
