import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";

const port = Number(process.env.E2E_PORT ?? 8797);
// The server keeps its secrets here, so that a spec can make a tenant of its own.
process.env.E2E_DATA ??= mkdtempSync(join(tmpdir(), "provisor-e2e-"));
const base = `http://127.0.0.1:${port}`;

/** The page as the Worker serves it, in the Chromium that is installed: nothing is downloaded. */
export default defineConfig({
  testDir: "e2e",
  outputDir: "../test-results",
  reporter: "list",
  // Two tests at a time, as many as a small machine has cores. A time-out is for what hangs: one that shares its
  // machine may take many times as long.
  workers: 2,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  use: {
    baseURL: base,
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: {
    command: "node ../scripts/serve.mjs dev",
    env: { PORT: String(port), DATA: process.env.E2E_DATA },
    url: `${base}/healthz`,
    stdout: "ignore",
  },
});
