#!/usr/bin/env bash
# Writes THIRD_PARTY.txt: the licences of everything that the program contains.
set -euo pipefail
cd "$(dirname "$0")/.."
ci/npm.sh web > /dev/null

texts() { find "$1" -maxdepth 1 -type f | grep -iE '/(licen[sc]e|copying|notice)[^/]*$' | LC_ALL=C sort; }
entry() { # NAME FOLDER
  local found
  printf '\n%s\n%s\n\n' "$(printf '=%.0s' {1..100})" "$1"
  found=$(texts "$2")
  [ -n "$found" ] || { echo "notices: $1 has no licence text" >&2; exit 1; }
  while read -r file; do tr -d '\r' < "$file" | sed 's/[[:space:]]*$//'; echo; done <<< "$found"
}
{
  echo "The program hub contains the following, each under its own licence. Written by ci/notices.sh."
  go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/hub | LC_ALL=C sort -u |
    while read -r name version folder; do [ -z "$name" ] || entry "$name $version" "$folder"; done
  entry "Go's standard library" "$(go env GOROOT)"
  node -e '
    const lock = require("./web/package-lock.json");
    for (const [path, p] of Object.entries(lock.packages).sort()) if (path && !p.dev) console.log(path.replace(/^.*node_modules\//, ""), p.version, "web/" + path)' |
    while read -r name version folder; do case $name in @types/*) ;; *) entry "$name $version" "$folder" ;; esac; done
} > THIRD_PARTY.txt
echo "THIRD_PARTY.txt: $(grep -c '^====' THIRD_PARTY.txt) parts, $(wc -c < THIRD_PARTY.txt) bytes"
