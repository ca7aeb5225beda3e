// SCIMMY behind its own routers, with a directory in memory: users and groups, names that are
// unique, and the filters that SCIMMY itself evaluates. Prints one line of JSON when it listens.
//
//   node scripts/peers/scimmy.mjs FOLDER     FOLDER is where scripts/peers/package.json is installed
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const installed = createRequire(join(resolve(process.argv[2]), "package.json"));
const load = (name) => {
  const module = installed(name);
  return module.default ?? module;
};
const [express, SCIMMY, SCIMMYRouters] = ["express", "scimmy", "scimmy-routers"].map(load);

const { User, Group } = SCIMMY.Resources;
const ScimError = SCIMMY.Types.Error;

/** Declares a resource type whose values are kept in memory, one for each value of `unique`. */
function keep(type, unique) {
  const kept = new Map();
  const nobody = (id) => new ScimError(404, null, `Resource ${id} not found`);
  SCIMMY.Resources.declare(type)
    .ingress((resource, data) => {
      const before = kept.get(resource.id);
      if (resource.id && !before) throw nobody(resource.id);
      const name = `${data[unique]}`.toLowerCase();
      for (const [id, other] of kept) {
        if (id !== resource.id && `${other[unique]}`.toLowerCase() === name)
          throw new ScimError(409, "uniqueness", `${unique} is taken`);
      }
      const id = resource.id ?? randomUUID();
      const now = new Date();
      const value = { ...JSON.parse(JSON.stringify(data)), id };
      value.meta = { created: before?.meta.created ?? now, lastModified: now };
      kept.set(id, value);
      return value;
    })
    .egress((resource) => {
      if (resource.id) {
        if (!kept.has(resource.id)) throw nobody(resource.id);
        return kept.get(resource.id);
      }
      const all = [...kept.values()];
      return resource.filter ? resource.filter.match(all) : all;
    })
    .degress((resource) => {
      if (!kept.delete(resource.id)) throw nobody(resource.id);
    });
}

keep(User, "userName");
keep(Group, "displayName");
User.extend(SCIMMY.Schemas.EnterpriseUser);
SCIMMY.Config.set({ patch: true, filter: true, sort: true, bulk: true, changePassword: false, etag: false });

const app = express();
app.use(
  "/scim",
  new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
      if (request.header("authorization") !== "Bearer secret") throw new Error("the token is not `secret`");
      return "tester";
    },
  }),
);
const listener = app.listen(0, "127.0.0.1", () => {
  const { port } = listener.address();
  process.stdout.write(`${JSON.stringify({ base: `http://127.0.0.1:${port}/scim`, token: "secret" })}\n`);
});
