// The platform's limits around the built Worker: this module stands in its place under the tests, counts what
// each invocation does, and refuses what Cloudflare refuses, in Cloudflare's words where they are known.
//
// The Worker, its object and the bindings are the real ones. LIMITS names the plan (`free` or `paid`); EVICT=1 makes
// every object forget its memory between two requests, as an object that Cloudflare evicted. What the local
// runtime refuses by itself (statement length, bound values, depth of an expression, rounds of PBKDF2) is left to it,
// and `limits.test.mjs` shows that it does.
import "./memory.mjs";
import * as built from "./index.js";
import { memory } from "./memory.mjs";

const PLANS = {
  free: { operations: 1_000, fetches: 50 },
  paid: { operations: 1_000, fetches: 10_000 },
};
const KEY = 512;
const VALUE = 25 * 1024 * 1024;
const METADATA = 1_024;
const MESSAGE = 128_000;
const ROW = 2_000_000;
const STATEMENT = 100_000;
const BOUND = 100;
const ISOLATE = 128 * 1024 * 1024;
const ROUNDS = 100_000;

const bytes = (text) => new TextEncoder().encode(text).length;
const size = (value) => (typeof value === "string" ? bytes(value) : (value?.byteLength ?? 0));
const refuse = (what) => {
  console.error(JSON.stringify({ level: "error", event: "limit", limit: what }));
  throw new Error(what);
};

/** What one invocation has done. */
class Count {
  constructor(plan) {
    this.plan = plan;
    this.operations = 0;
    this.fetches = 0;
  }
  operation() {
    this.operations += 1;
    if (this.operations > this.plan.operations) refuse("Too many API requests by single worker invocation.");
  }
  fetch() {
    this.fetches += 1;
    if (this.fetches > this.plan.fetches) refuse("Too many subrequests.");
  }
}

// When each key was last put, in this isolate: a second put within a second is refused.
const puts = new Map();

/** KV, counted; a list may trail what was put by some milliseconds (`KV_LAG`), as it may in production. */
function kvOf(kv, count, lag) {
  const key = (name) => {
    count().operation();
    for (const one of Array.isArray(name) ? name : [name])
      if (size(one) > KEY || one === "" || one === "." || one === "..")
        refuse(`KV: key of ${size(one)} bytes`);
  };
  return {
    get(name, ...more) {
      key(name);
      return kv.get(name, ...more);
    },
    getWithMetadata(name, ...more) {
      key(name);
      return kv.getWithMetadata(name, ...more);
    },
    async list(...more) {
      count().operation();
      const page = await kv.list(...more);
      const since = Date.now() - lag;
      return { ...page, keys: page.keys.filter(({ name }) => lag === 0 || (puts.get(name) ?? 0) <= since) };
    },
    delete(name) {
      key(name);
      return kv.delete(name);
    },
    put(name, value, options = {}) {
      key(name);
      if (size(value) > VALUE) refuse(`KV: value of ${size(value)} bytes`);
      if (options.metadata && bytes(JSON.stringify(options.metadata)) > METADATA)
        refuse("KV: metadata too long");
      if (options.expirationTtl !== undefined && options.expirationTtl < 60)
        refuse("KV: expirationTtl below 60");
      const now = Date.now();
      // The runtime's clock may be behind by what is being computed.
      if (now - (puts.get(name) ?? 0) < 900) refuse("KV PUT failed: 429 Too Many Requests");
      puts.set(name, now);
      return kv.put(name, value, options);
    },
  };
}

/** Bindings, counted; everything else is the runtime's own. */
function envOf(env, count) {
  const own = {};
  if (env.DIRECTORY)
    own.DIRECTORY = { value: kvOf(env.DIRECTORY, count, Number(env.KV_LAG ?? 0)), enumerable: true };
  if (env.EVENTS) {
    const queue = {
      send(message, ...more) {
        count().operation();
        if (size(message) > MESSAGE) refuse(`queue: message of ${size(message)} bytes`);
        return env.EVENTS.send(message, ...more);
      },
      sendBatch: (...more) => env.EVENTS.sendBatch(...more),
    };
    own.EVENTS = { value: Object.assign(Object.create(env.EVENTS), queue), enumerable: true };
  }
  return Object.create(env, own);
}

/** The object's SQLite, with the limits that the local runtime does not keep. */
function sqlOf(sql) {
  return new Proxy(sql, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "exec") return value.bind(target);
      return (statement, ...values) => {
        if (bytes(statement) > STATEMENT) refuse(`SQL: statement of ${bytes(statement)} bytes`);
        if (values.length > BOUND) refuse(`SQL: ${values.length} bound values`);
        for (const one of values) if (size(one) > ROW) refuse(`SQL: value of ${size(one)} bytes`);
        return target.exec(statement, ...values);
      };
    },
  });
}

/** An object's storage, likewise. */
function stateOf(state) {
  const sql = sqlOf(state.storage.sql);
  const bound = (target, more) =>
    new Proxy(target, {
      get(_, name) {
        if (name in more) return more[name];
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  return bound(state, { storage: bound(state.storage, { sql }) });
}

// What goes out by `fetch` counts for whatever invocation is under way in this isolate; with several
// at once the fewest that any may have.
let current = new Count(PLANS.paid);
const fetching = globalThis.fetch;
globalThis.fetch = (...given) => {
  current.fetch();
  return fetching(...given);
};

// Production takes no more rounds; the local runtime does.
const deriving = SubtleCrypto.prototype.deriveBits;
SubtleCrypto.prototype.deriveBits = function (algorithm, ...given) {
  if (algorithm?.iterations > ROUNDS)
    refuse(`Pbkdf2 failed: iteration counts above ${ROUNDS} are not supported.`);
  return deriving.call(this, algorithm, ...given);
};

/** Ends an invocation as Cloudflare ends one that took too much memory. */
function within(reply) {
  if (memory() <= ISOLATE) return reply;
  console.error(JSON.stringify({ level: "error", event: "limit", limit: `memory of ${memory()} bytes` }));
  return new Response("Worker exceeded memory limit.", { status: 503 });
}

const planOf = (env) => PLANS[env.LIMITS] ?? PLANS.paid;

export default {
  async fetch(request, env, context) {
    const count = new Count(planOf(env));
    current = count;
    const entry = new built.default(
      context,
      envOf(env, () => count),
    );
    return within(await entry.fetch(request));
  },
};

export class Tenant {
  constructor(state, env) {
    this.plan = planOf(env);
    this.evicts = env.EVICT === "1";
    this.count = new Count(this.plan);
    this.under = 0;
    this.state = stateOf(state);
    this.env = envOf(env, () => this.count);
    this.inner = new built.Tenant(this.state, this.env);
  }

  async invoke(work) {
    // Operations of invocations that overlap count together: more than Cloudflare counts, never less.
    if (this.under === 0) {
      this.count = new Count(this.plan);
      if (this.evicts) this.inner = new built.Tenant(this.state, this.env);
    }
    current = this.count;
    this.under += 1;
    try {
      return await work(this.inner);
    } finally {
      this.under -= 1;
    }
  }

  async fetch(request) {
    return within(await this.invoke((inner) => inner.fetch(request)));
  }

  alarm(...given) {
    return this.invoke((inner) => inner.alarm(...given));
  }
}
