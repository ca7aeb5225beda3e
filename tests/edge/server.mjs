// Starts the release build as `make serve` does, and talks to it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";

/**
 * Starts a server on a free port; `data` is a folder or "memory", `vars` are the Worker's variables, `env` the
 * process's. The platform's limits stand around the Worker (limits.mjs): those of the paid plan unless `vars` says so.
 */
export async function start(data = "memory", vars = {}, env = {}) {
  const child = spawn(process.execPath, ["scripts/serve.mjs", "serve"], {
    env: { ...process.env, LIMITS: "1", ...env, PORT: "0", DATA: data, VARS: JSON.stringify(vars) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let noise = "";
  child.stderr.on("data", (chunk) => {
    noise += chunk;
  });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, "line").then(([text]) => text),
    once(child, "exit").then(() => Promise.reject(new Error(`the server did not start: ${noise}`))),
  ]);
  const ready = JSON.parse(line);
  const ended = once(child, "exit");
  return {
    ...ready,
    scim: client(ready.endpoint, ready.token),
    administer: client(ready.admin, ready.adminToken, "application/json"),
    pid: child.pid,
    /** All that the server wrote to standard error: the Worker's log. */
    log: () => noise,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
    /** SIGKILL to the server and its runtime: no goodbye. */
    async kill() {
      process.kill(-child.pid, "SIGKILL");
      await ended;
    },
  };
}

// A connection for each request: the runtime closes an idle one just when a busy test uses it.
const agent = new Agent({ keepAlive: false, maxSockets: 256 });

/**
 * Lets a request break off in silence: a body that is too long is answered before it was sent whole. Once the
 * answer is there, Node tells the socket alone.
 */
export function calm(call) {
  call.on("error", () => {});
  call.on("socket", (socket) => socket.on("error", () => {}));
}

/** A function that sends one request and reads the answer. */
export function client(base, token, type = "application/scim+json") {
  return async (method, path, body, headers = {}) => {
    const isWritten = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    const text = isWritten ? body : JSON.stringify(body);
    const call = request(`${base}${path}`, {
      agent,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": type }),
        // Node frames no DELETE's body by itself.
        ...(text === undefined ? {} : { "content-length": Buffer.byteLength(text) }),
        ...headers,
      },
    });
    calm(call);
    call.end(text);
    const [reply] = await once(call, "response");
    const answer = (await reply.setEncoding("utf8").toArray()).join("");
    return {
      status: reply.statusCode,
      headers: new Headers(Object.entries(reply.headers).map(([name, value]) => [name, `${value}`])),
      body: answer ? JSON.parse(answer) : null,
    };
  };
}

export const user = (userName, more = {}) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
  userName,
  ...more,
});

/** Asks again until the check holds; the copy trails by a second or so. */
export async function eventually(check, seconds = 15) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const outcome = await check().catch((error) => error);
    if (!(outcome instanceof Error)) return outcome;
    if (Date.now() > end) throw outcome;
    await new Promise((resume) => setTimeout(resume, 250));
  }
}
