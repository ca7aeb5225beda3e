// Further bindings for the Worker under test: `WITH=tests/edge/bindings.mjs node scripts/serve.mjs serve`.
//
// The Worker, its bindings' classes and KV's store are the real ones; what goes out through a binding
// is shown to a witness (a server of the test, at WITNESS) beneath the runtime, where the network is:
// a put waits until the witness has answered, and fails if the answer is not 200.
import { fileURLToPath } from "node:url";

const QUEUE = "provisor-events";

// KV's own protocol: a request for each operation.
const GATE = `
export default {
  async fetch(request, env) {
    if (request.method === "PUT") {
      const body = decodeURIComponent(new URL(request.url).pathname.slice(1));
      const answer = await fetch(env.WITNESS + "/put", { method: "POST", body });
      if (answer.status !== 200) {
        // A server that refuses has read what it refuses, else its client would go on sending.
        await request.arrayBuffer();
        return new Response(await answer.text(), answer);
      }
    }
    return env.STORE.fetch(request);
  },
};`;

const CONSUMER = `
export default {
  async queue(batch, env) {
    const body = JSON.stringify(batch.messages.map((message) => message.body));
    const { status } = await fetch(env.WITNESS + "/batch", { method: "POST", body });
    if (status !== 200) throw new Error("the witness did not take the batch");
  },
};`;

const DATASET = `
export default {
  fetch: async (request, env) => fetch(env.WITNESS + "/point", { method: "POST", body: await request.text() }),
};`;

const aside = (name, script, more = {}) => ({
  name,
  script,
  modules: true,
  compatibilityDate: "2026-04-01",
  bindings: { WITNESS: process.env.WITNESS },
  ...more,
});

/** A binding of workerd's that Miniflare has no option for. */
const raw = (name, binding) => ({
  name,
  type: "raw",
  plugin: { package: fileURLToPath(import.meta.url), name: "raw" },
  options: binding,
});

export const plugins = {
  raw: {
    getBindings: (bindings) => (bindings ?? []).map(({ name, options }) => ({ name, ...options })),
    getNodeBindings: () => ({}),
    getServices: () => [],
    getExtensions: () => [],
  },
};

/** Miniflare's options with these bindings. */
export default ({ workers: [provisor, ...others], ...shared }) => ({
  ...shared,
  workers: [
    {
      ...provisor,
      kvNamespaces: [],
      queueProducers: { EVENTS: QUEUE },
      unsafeBindings: [
        raw("DIRECTORY", { kvNamespace: { name: "core:user:gate" } }),
        raw("METRICS", { analyticsEngine: { name: "core:user:dataset" } }),
      ],
    },
    ...others,
    aside("gate", GATE, {
      kvNamespaces: ["DIRECTORY"],
      unsafeBindings: [raw("STORE", { service: { name: "kv:ns:DIRECTORY" } })],
    }),
    aside("consumer", CONSUMER, { queueConsumers: { [QUEUE]: { maxBatchSize: 10, maxBatchTimeout: 0.2 } } }),
    aside("dataset", DATASET),
  ],
});
