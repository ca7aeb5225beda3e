#!/usr/bin/env bash
# Installs what is missing and nothing else: npm packages, the wasm32 standard library,
# the wasm tools, and (with `browser`) Chromium. Quick when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

WASM_PACK=0.15.1
WORKER_BUILD=0.8.7
WASM_BINDGEN="$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock)"
TARGET=wasm32-unknown-unknown

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\nhelp: %s\n' "$1" "$2" >&2; exit 1; }

need() { command -v "$1" >/dev/null || fail "\`$1\` was not found on PATH" "$2"; }

node_packages() {
  need node "install Node.js 20.19 or newer"
  need npm "install npm, which comes with Node.js"
  cmp -s package-lock.json node_modules/.provisor-lock && return
  say "npm install"
  # Not `npm ci`: it refuses the lock file when a mirror lacks a package for another platform.
  npm install --no-save --no-audit --no-fund --loglevel=error >&2 ||
    fail "\`npm install\` failed" "check that the npm registry can be reached, then run the same command again"
  cp package-lock.json node_modules/.provisor-lock
}

has_target() { # a compiler; true when its sysroot holds the wasm32 standard library
  local dir
  dir="$("$@" --print target-libdir --target $TARGET 2>/dev/null)" && compgen -G "$dir/libstd-*.rlib" >/dev/null
}

# The distribution's compiler with its standard library built from its own sources.
distribution_target() {
  [ -r /etc/debian_version ] && [ "$(id -u)" = 0 ] ||
    fail "\`rustup target add $TARGET\` did not succeed, and this is not Debian as root" \
      "run \`rustup target add $TARGET\` where the Rust project's downloads can be reached"
  if ! [ -x /usr/bin/cargo ] || ! [ -d /usr/lib/rustlib/src ] || ! command -v lld-22 >/dev/null 2>&1; then
    say "apt-get install rustc-web cargo-web rust-web-src rust-web-llvm lld-22"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      rustc-web cargo-web rust-web-src rust-web-llvm lld-22; } >&2 ||
      fail "tried rustup, then apt-get: neither gave a wasm32 standard library" "install one of the two by hand"
  fi
  if ! has_target /usr/bin/rustc; then
    say "building the wasm32 standard library (about a minute)"
    local seed lib
    seed="$(mktemp -d)"
    mkdir "$seed/src"
    printf '[package]\nname = "std-seed"\nversion = "0.0.0"\nedition = "2021"\n' >"$seed/Cargo.toml"
    echo '#![no_std]' >"$seed/src/lib.rs"
    (cd "$seed" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 /usr/bin/cargo build -q --release --target $TARGET \
      -Z build-std=std,panic_abort,test,proc_macro) >&2 ||
      fail "the wasm32 standard library did not build" "see the compiler's message above"
    lib="$(/usr/bin/rustc --print target-libdir --target $TARGET)"
    mkdir -p "$lib"
    find "$seed/target/$TARGET/release/deps" -name '*.rlib' ! -name '*std_seed*' -exec cp {} "$lib" \;
    rm -rf "$seed"
  fi
  if command -v rustup >/dev/null; then
    rustup toolchain list | grep -q '^distro' || rustup toolchain link distro /usr
    echo distro >"$PROVISOR_TOOLS/wasm-toolchain"
  else
    echo system >"$PROVISOR_TOOLS/wasm-toolchain"
  fi
}

wasm_target() {
  need cargo "install Rust with rustup, or Debian's rustc and cargo"
  mkdir -p "$PROVISOR_TOOLS"
  # PROVISOR_WASM_TARGET=distribution takes the second way though the first would do.
  if [ "${PROVISOR_WASM_TARGET:-}" = distribution ]; then distribution_target; return; fi
  if [ -f "$PROVISOR_TOOLS/wasm-toolchain" ] && with_wasm has_target rustc; then return; fi
  if has_target rustc; then echo default >"$PROVISOR_TOOLS/wasm-toolchain"; return; fi
  if command -v rustup >/dev/null; then
    say "rustup target add $TARGET"
    if timeout 90 rustup target add $TARGET >&2 && has_target rustc; then
      echo default >"$PROVISOR_TOOLS/wasm-toolchain"
      return
    fi
    say "that did not succeed; trying the distribution's compiler"
  fi
  distribution_target
}

cargo_tool() { # package, version, binary
  local have
  have="$("$PROVISOR_TOOLS/bin/$3" --version 2>/dev/null || true)"
  case "$have" in *"$2"*) return ;; esac
  if command -v cargo-binstall >/dev/null && cargo binstall -y --locked --root "$PROVISOR_TOOLS" "$1@$2" >&2; then return; fi
  say "cargo install $1 $2 (a few minutes, once)"
  # Tools need no speed: one shared target folder and a low level halve the time.
  CARGO_TARGET_DIR="$PROVISOR_TOOLS/target" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 \
    cargo install --quiet --locked --force --root "$PROVISOR_TOOLS" "$1@$2" >&2 ||
    fail "\`cargo install $1@$2\` failed" "see the message above; a crate registry must be reachable"
}

chromium() {
  if [ -n "$CHROMIUM" ] && command -v chromedriver >/dev/null; then return; fi
  if [ -r /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    say "apt-get install chromium chromium-driver"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      chromium chromium-driver; } >&2 && return
  fi
  fail "Chromium and a matching ChromeDriver were not found" \
    "install both (Debian: \`apt-get install chromium chromium-driver\`) and put them on PATH, or set CHROMIUM"
}

case "${1:-build}" in
  packages) node_packages ;;
  build | browser)
    node_packages
    wasm_target
    cargo_tool wasm-bindgen-cli "$WASM_BINDGEN" wasm-bindgen
    cargo_tool wasm-pack "$WASM_PACK" wasm-pack
    cargo_tool worker-build "$WORKER_BUILD" worker-build
    rm -rf "$PROVISOR_TOOLS/target"
    if [ "${1:-}" = browser ]; then chromium; fi
    ;;
  *) fail "\`$1\` is not a set-up" "use packages, build or browser" ;;
esac
