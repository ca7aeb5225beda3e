// A peer: npm's scimmy behind its express routers, resources in memory. Its handlers are as plain as
// its documentation's, but for an index on userName, without which each lookup reads every user.
//
//   node benches/scimmy.mjs FOLDER        FOLDER has its node_modules; prints its port when ready
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

const load = createRequire(join(process.argv[2], "package.json"));
const express = load("express");
const { default: SCIMMY } = load("scimmy");
const { default: SCIMMYRouters } = load("scimmy-routers");

function declare(kind) {
  const all = new Map();
  const byName = new Map();
  SCIMMY.Resources.declare(kind)
    .ingress((resource, data) => {
      const id = resource.id ?? randomUUID();
      const before = all.get(id);
      if (resource.id && !before) throw new SCIMMY.Types.Error(404, null, "not found");
      const meta = { created: before?.meta.created ?? new Date(), lastModified: new Date() };
      const entry = { ...JSON.parse(JSON.stringify(data)), id, meta };
      if (before?.userName) byName.delete(before.userName.toLowerCase());
      if (entry.userName) byName.set(entry.userName.toLowerCase(), entry);
      all.set(id, entry);
      return entry;
    })
    .egress((resource) => {
      if (resource.id) {
        const one = all.get(resource.id);
        if (!one) throw new SCIMMY.Types.Error(404, null, "not found");
        return one;
      }
      const [comparator, name] = resource.filter?.[0]?.userName ?? [];
      if (resource.filter?.length === 1 && comparator === "eq") {
        return [byName.get(name.toLowerCase())].filter(Boolean);
      }
      return [...all.values()];
    })
    .degress((resource) => {
      byName.delete(all.get(resource.id)?.userName?.toLowerCase());
      all.delete(resource.id);
    });
}

declare(SCIMMY.Resources.User);
declare(SCIMMY.Resources.Group);
const app = express();
app.use(express.json({ limit: "100mb", type: ["application/json", "application/scim+json"] }));
app.use("/scim/v2", new SCIMMYRouters({ type: "bearer", handler: () => "peer" }));
const http = app.listen(0, "127.0.0.1", () => process.stdout.write(`${http.address().port}\n`));
