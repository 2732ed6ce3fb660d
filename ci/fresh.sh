#!/usr/bin/env bash
# Shows that what is generated and committed is what the sources make.
#   ci/fresh.sh [api|web|notices ...]    default: all
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

api() { # types and the documentation page, from openapi.yaml
  cp api/*.gen.* "$copy/"
  go generate ./api
  for file in "$copy"/*.gen.*; do
    name=api/$(basename "$file")
    cmp "$file" "$name" || { echo "fresh: $name was stale; it is made anew now, commit it" >&2; return 1; }
  done
}
web() { # web/dist, from web/src; built beside it, so that a stale one stays to be seen
  ci/npm.sh web
  mkdir "$copy/web"
  tar -C web --exclude=./node_modules --exclude=./dist -cf - . | tar -C "$copy/web" -xf -
  ln -s "$PWD/web/node_modules" "$copy/web/node_modules"
  (cd "$copy/web" && npm run --silent build > build.log 2>&1) || { cat "$copy/web/build.log" >&2; return 1; }
  diff -r "$copy/web/dist" web/dist || { echo "fresh: web/dist is stale; run make gen and commit it" >&2; return 1; }
}

notices() { # THIRD_PARTY.txt, from what the program contains
  cp THIRD_PARTY.txt "$copy/"
  ci/notices.sh > /dev/null
  cmp "$copy/THIRD_PARTY.txt" THIRD_PARTY.txt || { echo "fresh: THIRD_PARTY.txt was stale; it is made anew now, commit it" >&2; return 1; }
}

[ $# -gt 0 ] || set -- api web notices
for part in "$@"; do
  "$part"
  echo "$part: what is generated is fresh"
done
