#!/usr/bin/env bash
# Runs every test there is, one part after the other, goes on after a failure, and says at the end what failed.
#   ci/test.sh [PART ...]    default: all; the parts are the functions below
set -uo pipefail
cd "$(dirname "$0")/.."
export HUB_BIN=$PWD/bin/hub HUB=$PWD/bin/hub
# Pictures that the browser's tests take go here, not over those of the documentation.
export SCREENSHOTS=${SCREENSHOTS:-$PWD/.cache/screenshots}
# Where Debian's packages put kernels, for tests whose home is not ours.
export JUPYTER_PATH=${JUPYTER_PATH:-/usr/share/jupyter}
# Our programs and tests must not find a hub, settings or a state that are a person's own.
unset HUB_URL HUB_TOKEN HUB_TOKEN_FILE HUB_CONFIG HUB_ROOT_DIR HUB_STATE_DIR HUB_PORT HUB_IP HUB_BASE_URL HUB_ALLOW_HOST

format() { ci/check.sh format; }
vet() { ci/check.sh vet; }
staticcheck() { ci/check.sh staticcheck; }
go_tests() { ci/check.sh race; }
build() { ci/check.sh build; }
fresh_api() { ci/fresh.sh api; }
dist() { local out status; out=$(mktemp -d) && ci/dist.sh "$out"; status=$?; rm -rf "$out"; return $status; }
fresh_web() { ci/fresh.sh web notices; }
web_unit() { ci/npm.sh web && cd web && npm run --silent check && npm run --silent test; }
web_browser() { ci/npm.sh web && cd web && npm run --silent browser; }
yjs_oracle() { ci/npm.sh hub/yjs/oracle && hub/yjs/oracle/test-yjs-oracle.sh; }
nbdoc_oracle() { ci/npm.sh hub/nbdoc/oracle hub/nbdoc/oracle/lab45 hub/nbdoc/oracle/lab46 && hub/nbdoc/oracle/test-nbdoc-oracle.sh; }
clients() { ci/npm.sh test/clients && test/clients/run.sh; }
kernels() { ci/kernels.sh; }
full_disks() { # mounts small disks, which takes root or a namespace of one's own
  local as=()
  [ "$(id -u)" = 0 ] || as=(unshare --user --map-root-user --mount)
  "${as[@]}" go test -tags disks -count 1 -run '^TestDisk' ./cmd/hub
}

[ $# -gt 0 ] || set -- format vet staticcheck build go_tests fresh_api dist fresh_web web_unit web_browser yjs_oracle nbdoc_oracle clients kernels full_disks

mkdir -p "$SCREENSHOTS"
echo "== needs"
node=$(ci/need.sh race node browser kernels) || exit 1
[ -z "$node" ] || PATH=$node:$PATH
echo "$(go version), node $(node --version)"

passed=0 failed=() report=
for part in "$@"; do
  echo "== $part"
  from=$SECONDS
  if ("$part") < /dev/null; then
    passed=$((passed + 1)) how=passed
  else
    failed+=("$part") how=FAILED
  fi
  report+=$(printf '%-14s %-7s %4d s' "$part" $how $((SECONDS - from)))$'\n'
done
echo "== all"
printf '%s' "$report"
[ ${#failed[@]} -eq 0 ] || echo "failed: ${failed[*]}; one part alone: ci/test.sh ${failed[0]}"
echo "parts: $passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
