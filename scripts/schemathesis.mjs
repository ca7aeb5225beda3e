// Property-tests the whole surface against its OpenAPI document: no request that it allows,
// or just does not allow, may end in a server fault or an answer that is not described.
//
//   node scripts/schemathesis.mjs [examples]
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../tests/edge/server.mjs";
import { python, tool } from "./python.mjs";

const examples = process.argv[2] ?? "15";
python();
const server = await start();
const origin = new URL(server.endpoint).origin;
const document = await (await fetch(`${origin}/openapi.json`)).json();
const { body } = await server.administer("POST", "/tenants", {
  name: "schemathesis",
  settings: { requestsPerSecond: 0 },
});

// A tenant's token has no user, so `/Me` answers 501 by design; an import is a file, not a
// document; a poll may wait; each has its own tests.
const APART = ["/scim/v2/Me", "/admin/tenants/{tenant}/import", "/events/poll"];

let failed = 0;
let ran = 0;
for (const [name, matches, token] of [
  ["SCIM", (path) => path.startsWith("/scim/"), body.token],
  ["the rest", (path) => !path.startsWith("/scim/"), server.adminToken],
]) {
  const tested = ([path]) => matches(path) && !APART.includes(path);
  const paths = Object.fromEntries(Object.entries(document.paths).filter(tested));
  const file = join(tmpdir(), `provisor-openapi-${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ ...document, paths }));
  const { stdout, stderr, status } = await tool(
    "schemathesis",
    [
      ...["run", file, "--url", origin, "-H", `Authorization: Bearer ${token}`],
      ...["--checks", "not_a_server_error,content_type_conformance,status_code_conformance"],
      ...["--phases", "fuzzing", "--generation-deterministic"],
      ...[
        "--max-examples",
        examples,
        "--request-timeout",
        "30",
        "--suppress-health-check",
        "all",
        "--no-color",
      ],
    ],
    { cwd: tmpdir() },
  );
  process.stdout.write(`── ${name}\n${stdout}${stderr}`);
  ran += Number(/(\d+) generated/.exec(stdout)?.[1] ?? 0);
  failed += status === 0 ? 0 : Number(/(\d+) unique failures?/.exec(stdout)?.[1] ?? 1);
}
await server.stop();
process.stdout.write(`schemathesis: ${ran} passed, ${failed} failed\n`);
process.exitCode = failed || !ran ? 1 : 0;
