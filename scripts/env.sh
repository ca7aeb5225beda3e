# Sourced by every step that builds wasm or runs an npm tool; changes the environment only.
# shellcheck shell=bash

# Tools that cargo installs live outside the checkout, so that a fresh clone is warm.
export PROVISOR_TOOLS="${PROVISOR_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/provisor}"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export PATH="$PROVISOR_TOOLS/bin:$root/node_modules/.bin:$PATH"

# worker-build does not look on PATH, and would download what these name.
export WASM_BINDGEN_BIN="$PROVISOR_TOOLS/bin/wasm-bindgen"
export WASM_OPT_BIN="$root/node_modules/.bin/wasm-opt"
export ESBUILD_BIN="$root/node_modules/.bin/esbuild"

# wrangler and Miniflare ask the network for nothing.
export WRANGLER_SEND_METRICS=false CLOUDFLARE_CF_FETCH_ENABLED=false CI="${CI:-}"

export CHROMIUM="${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}"

# Which compiler has a wasm32 standard library: `setup.sh` decides once and notes it.
case "$(cat "$PROVISOR_TOOLS/wasm-toolchain" 2>/dev/null)" in
  distro) export WASM_TOOLCHAIN=distro ;;
  system) export WASM_TOOLCHAIN=system ;;
  *) export WASM_TOOLCHAIN=default ;;
esac

# Runs a command with the compiler that can build wasm32; native builds never need this.
with_wasm() {
  case "$WASM_TOOLCHAIN" in
    distro) RUSTUP_TOOLCHAIN=distro "$@" ;;
    system) PATH="/usr/bin:$PATH" "$@" ;;
    *) "$@" ;;
  esac
}
