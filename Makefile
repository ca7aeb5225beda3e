# `make help` says what there is. Steps run only when their sources changed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PORT DATA

RUST := Cargo.toml Cargo.lock $(shell find src examples -type f 2>/dev/null)
PAGE := package.json $(shell find www -type f -not -path 'www/dist/*' -not -path 'www/pkg/*' -not -path 'www/single/*' -not -path 'www/e2e/*' -not -path '*/test-results/*' 2>/dev/null)

SECONDS ?= 60

.PHONY: smoke fuzz coverage help dev serve build worker page test bench prove conformance deploy clean setup

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup:
	@scripts/setup.sh build

dev: build/index.js www/dist/index.html ## serve endpoint and page at http://localhost:8787 (PORT=, DATA=)
	@. scripts/env.sh && exec node scripts/serve.mjs dev

serve: build/index.js www/dist/index.html ## the release build for tests and tools; one line of JSON when ready (PORT=, DATA=folder|memory)
	@. scripts/env.sh && exec node scripts/serve.mjs serve

build: build/index.js www/dist/index.html target/release/provisor ## everything in release form

worker: build/index.js
page: www/dist/index.html

# All that these print goes to standard error: `make serve` keeps standard output for its one line.
build/index.js: $(RUST)
	@scripts/setup.sh build
	@. scripts/env.sh && with_wasm worker-build --release --features edge >&2 && touch $@

# The page's engine is built for size, the Worker for speed; and in two parts, of which the
# second comes once the page is there (docs/wasm.md).
www/pkg/provisor_bg.wasm: $(RUST) $(addprefix scripts/,split.mjs visit.mjs relocations.mjs)
	@scripts/setup.sh build
	@. scripts/env.sh && CARGO_PROFILE_RELEASE_OPT_LEVEL=z RUSTFLAGS="-C link-arg=--emit-relocs" with_wasm wasm-pack --quiet build --release --no-opt --target web --mode no-install --no-pack --out-dir target/page --out-name provisor -- --features browser >&2 \
	  && node scripts/split.mjs target/wasm32-unknown-unknown/release/provisor.wasm target/page www/pkg && touch $@

www/dist/index.html: www/pkg/provisor_bg.wasm $(PAGE)
	@. scripts/env.sh && vite build --logLevel warn www >&2 && vite build --logLevel error -c www/vite.single.ts >&2 && touch $@

target/release/provisor: $(RUST)
	@cargo build --release --quiet --features cli --bin provisor >&2 && touch $@

test: ## everything that guards a change; ends with a table
	@scripts/setup.sh browser
	@$(MAKE) --no-print-directory worker page
	@. scripts/env.sh && exec node scripts/test.mjs

bench: build/index.js www/dist/index.html ## the benchmarks: the engine natively, the endpoint on the real runtime
	@cargo bench --quiet --features cli
	@cargo run --quiet --release --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	@. scripts/env.sh && node benches/scim.mjs && node benches/startup.mjs && node benches/edge.mjs 1000 10000 100000

prove: ## the long proofs: many cases, many kills
	@scripts/setup.sh browser
	@$(MAKE) --no-print-directory worker
	@PROPTEST_CASES=20000 REQUESTS=1000000 SEED=7 cargo test --release --features cli
	@. scripts/env.sh && KILLS=1000 LANES=2 SOAK=3600 node --test tests/edge/*.test.mjs

fuzz: ## the fuzz targets over the parsers and PATCH, SECONDS= each (60)
	@scripts/fuzz.sh $(SECONDS)

coverage: ## the lines of src/scim that the native tests run
	@scripts/coverage.sh

conformance: build/index.js www/dist/index.html ## the conformance suites, ours beside other servers; writes docs/conformance.md
	@. scripts/env.sh && node scripts/conformance.mjs --write

smoke: ## try a deployment: URL=https://YOUR-WORKER, with ADMIN_TOKEN set (EU=1 also a tenant in the EU)
	@node scripts/smoke.mjs $(URL) $(if $(EU),--eu)

deploy: build/index.js www/dist/index.html ## deploy with wrangler
	@scripts/deploy.sh

clean: ## remove what was built here (the tools in the user's cache stay)
	rm -rf target build dist www/dist www/single www/pkg node_modules .wrangler test-results
