#!/usr/bin/env bash
# Deploys the built Worker and page; says first what must be set.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

if grep -q '^id = "0\{32\}"' wrangler.toml; then
  cat >&2 <<'TEXT'
deploy: wrangler.toml still names no KV namespace
help: run these once, then `make deploy` again:
  npx wrangler login
  npx wrangler kv namespace create DIRECTORY     (put the id it prints into wrangler.toml)
  npx wrangler secret put TOKEN_KEY              (32 random bytes as hex: `openssl rand -hex 32`)
  npx wrangler secret put ADMIN_TOKEN            (a long random text: `openssl rand -hex 24`)
TEXT
  exit 1
fi
exec wrangler deploy
