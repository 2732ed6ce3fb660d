#!/usr/bin/env bash
# Prints which share of each package's statements all tests together reach, and the total.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache
go test -coverpkg=./... -coverprofile=.cache/cover.out ./... > .cache/cover.log || { cat .cache/cover.log; exit 1; }
# One line per block and test binary: a block counts once, as reached when any test reached it.
awk -F '[: ]' 'NR > 1 { block = $1 ":" $2; size[block] = $3; if ($4 > 0) hit[block] = 1 }
  END { for (b in size) { file = b; sub(/:.*/, "", file); sub(/\/[^\/]*$/, "", file); all[file] += size[b]; total += size[b]
          if (b in hit) { reached[file] += size[b]; sum += size[b] } }
        for (p in all) printf "%5.1f %%  %s\n", 100 * reached[p] / all[p], p | "sort -k3"
        close("sort -k3"); printf "%5.1f %%  all\n", 100 * sum / total }' .cache/cover.out
