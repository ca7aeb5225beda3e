#!/usr/bin/env bash
# Prints the house: circles of imports, files a folder, the longest functions. `scripts/house.sh [PROJECT]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
HOUSE="${1:-$PWD}" cargo test --quiet --test layers -- --nocapture nothing_imports_in_a_circle
