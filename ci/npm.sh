#!/usr/bin/env bash
# Installs what the lock file of each folder says, unless it is there already.
#   ci/npm.sh FOLDER...
set -euo pipefail
cd "$(dirname "$0")/.."
for folder in "$@"; do
  done=$folder/node_modules/.installed
  cmp -s "$folder/package-lock.json" "$done" && continue
  echo "npm ci in $folder"
  log=$(mktemp)
  for try in 1 2 3; do
    (cd "$folder" && npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error) > "$log" 2>&1 < /dev/null && break
    [ $try = 3 ] && { head -n 20 "$log" >&2; echo "npm: $folder could not be installed" >&2; exit 1; }
  done
  rm -f "$log"
  cp "$folder/package-lock.json" "$done"
done
