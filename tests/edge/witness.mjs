// What goes out through the Worker's bindings, as bindings.mjs shows it; a test may hold or refuse it.
import { once } from "node:events";
import { createServer } from "node:http";
import { start } from "./server.mjs";

/** A data point as the runtime writes it: texts are lists of bytes. */
function point({ dataset, index1, ...rest }) {
  const text = (bytes) => Buffer.from(bytes ?? []).toString();
  const all = (kind) => Object.keys(rest).filter((name) => name.startsWith(kind));
  return {
    dataset: text(dataset),
    index: text(index1),
    blobs: all("blob").map((name) => text(rest[name])),
    doubles: all("double").map((name) => rest[name]),
  };
}

/** A server whose bindings have a witness: `data` and `vars` as in `start`. */
export async function witnessed(data, vars) {
  const self = {
    /** Each put that reached KV: its key, and when, in milliseconds. */
    puts: [],
    /** Each event that a consumer of the queue was given, in order. */
    events: [],
    /** Each data point that was written: its dataset, index, blobs and doubles. */
    points: [],
    /** What becomes of a put: nothing to let it pass, else `[status, text]`; it may take its time. */
    put: async () => {},
    /** What becomes of a batch of the queue: true if it is taken. */
    batch: () => true,
  };
  const http = createServer(async (request, response) => {
    const text = (await request.setEncoding("utf8").toArray()).join("");
    let [status, answer] = [200, ""];
    if (request.url === "/put") {
      self.puts.push({ key: text, at: performance.now() });
      [status, answer] = (await self.put(text)) ?? [200, ""];
    } else if (request.url === "/batch") {
      if (self.batch(JSON.parse(text))) self.events.push(...JSON.parse(text));
      else status = 503;
    } else {
      self.points.push(point(JSON.parse(text)));
    }
    response.writeHead(status).end(answer);
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  const witness = `http://127.0.0.1:${http.address().port}`;
  const server = await start(data, vars, { WITH: "tests/edge/bindings.mjs", WITNESS: witness });
  self.server = server;
  self.stop = async () => {
    await server.stop();
    http.closeAllConnections();
    http.close();
  };
  return self;
}
