#!/usr/bin/env bash
# Fuzzes the targets, SECONDS each (60): libFuzzer on stable Rust. Prints executions.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
target=$(rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes; none of it needs a nightly compiler.
export RUSTFLAGS="--cfg fuzzing -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1 -Cpasses=sancov-module \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
export CARGO_TARGET_DIR=$PWD/target/fuzz
cargo build --quiet --release --target "$target" --manifest-path fuzz/Cargo.toml
for name in ${TARGETS:-filter path patch schema bulk expression import csv transfer cursor address token jwt}; do
  corpus=target/fuzz/corpus/$name
  mkdir -p "$corpus"
  "target/fuzz/$target/release/$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="target/fuzz/$name-" "$corpus" "fuzz/seeds/$name" 2>"target/fuzz/$name.log" ||
    { tail -n 40 "target/fuzz/$name.log"; exit 1; }
  printf '%-12s%14s executions in %s s, no fault\n' "$name" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "target/fuzz/$name.log")" "$seconds"
done
