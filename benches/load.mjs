// A closed loop of requests over a number of connections, and how many were answered a second.
import { Agent, request } from "node:http";

export const CONNECTIONS = Number(process.env.CONNECTIONS ?? 8);
const SECONDS = Number(process.env.SECONDS ?? 0.5);

/** Sends one request over an agent's connections, or over one of its own; the answer's text, or what was wrong with it. */
export function send(agent, url, { method = "GET", token, body } = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/scim+json" };
    if (text !== undefined) headers["content-length"] = Buffer.byteLength(text);
    const call = request(url, { agent: agent ?? false, method, headers, timeout: 60_000 }, (reply) => {
      let answer = "";
      reply.setEncoding("utf8");
      reply.on("data", (chunk) => {
        answer += chunk;
      });
      reply.on("end", () => {
        if (reply.statusCode < 300) resolve(answer);
        else reject(new Error(`${method} ${url}: ${reply.statusCode}: ${answer.slice(0, 300)}`));
      });
      reply.on("error", reject);
    });
    call.on("timeout", () => call.destroy(new Error(`${method} ${url}: no answer in 60 s`)));
    call.on("error", reject);
    call.end(text);
  });
}

/**
 * How often a second `work(agent, n, connection)` is done: all connections together, for a while and
 * once each at least. Connections are new each time, since a server closes one that was idle.
 */
export async function rate(work) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => work(agent, 0, connection)));
    const began = performance.now();
    let done = 0;
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async (_, connection) => {
        for (let n = 1; performance.now() - began < SECONDS * 1000; n += 1) {
          await work(agent, n, connection);
          done += 1;
        }
      }),
    );
    return done / ((performance.now() - began) / 1000);
  } finally {
    agent.destroy();
  }
}

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};
