#!/usr/bin/env bash
# Deploys the built Worker and page; says first what must be set.
# ENVIRONMENT=sandbox deploys the sandbox of wrangler.toml instead of production.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

if [ "${ENVIRONMENT:-}" = sandbox ]; then unset_id='0\{31\}1'; else unset_id='0\{32\}'; fi
if grep -q "^id = \"$unset_id\"" wrangler.toml; then
  cat >&2 <<'TEXT'
deploy: wrangler.toml still names no KV namespace
help: run these once, then `make deploy` again:
  npx wrangler login
  npx wrangler kv namespace create DIRECTORY     (put the id it prints into wrangler.toml)
  npx wrangler secret put TOKEN_KEY              (32 random bytes as hex: `openssl rand -hex 32`)
  npx wrangler secret put ADMIN_TOKEN            (a long random text: `openssl rand -hex 24`)
for the sandbox add `--env sandbox` to each, and put its id below [env.sandbox]
TEXT
  exit 1
fi
exec wrangler deploy --env "${ENVIRONMENT:-}"
