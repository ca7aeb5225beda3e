#!/usr/bin/env bash
# Lines of src/scim that the native tests run: instrumented by rustc, counted by LLVM's tools
# of the same major version (`apt-get install llvm-22`, or LLVM_COV= and LLVM_PROFDATA=).
set -euo pipefail
cd "$(dirname "$0")/.."
major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
cov=${LLVM_COV:-llvm-cov-$major}
profdata=${LLVM_PROFDATA:-llvm-profdata-$major}
command -v "$cov" "$profdata" >/dev/null || { echo "coverage needs $cov and $profdata" >&2; exit 1; }
out=$PWD/target/coverage
rm -rf "$out/raw"
export CARGO_TARGET_DIR=$out RUSTFLAGS="-C instrument-coverage" LLVM_PROFILE_FILE="$out/raw/%p-%m.profraw"
tests=()
for name in ${*:-language patch compat laws directory protocol schema schema_laws bulk paging model fuzz_seeds}; do tests+=(--test "$name"); done
cargo test --quiet --features cli "${tests[@]}" >&2
objects=$(cargo test --no-run --message-format=json --quiet --features cli "${tests[@]}" 2>/dev/null |
  sed -n 's/.*"executable":"\([^"]*\)".*/-object \1/p')
"$profdata" merge -sparse "$out"/raw/*.profraw -o "$out/all.profdata"
# shellcheck disable=SC2086
"$cov" report $objects -instr-profile="$out/all.profdata" --sources src/scim
