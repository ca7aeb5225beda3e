// Steps 4 to 6 of Microsoft's Clarizen One tutorial from end to end, on the command line,
// against running endpoints: who is in scope, the test of the connection, the mappings, the
// initial cycle, later ones with a change, a disabling and a deletion, the logs, the status
// and the quarantine.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { cycle, folder, PROVISOR } from "./source.mjs";
import { scim2Server, worker } from "./target.mjs";

const USER = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
const DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000";
const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const person = (name, more = {}) => ({
  id: name.toLowerCase(),
  userPrincipalName: `${name.toLowerCase()}@contoso.example`,
  displayName: name,
  givenName: name,
  surname: "Ng",
  mailNickname: name.toLowerCase(),
  accountEnabled: true,
  ...more,
});
const assigned = (principalId, appRoleId = USER) => ({ principalId, appRoleId });

function run(target, args) {
  return spawnSync(PROVISOR, args, { encoding: "utf8", env: { ...process.env, SECRET_TOKEN: target.token } });
}

/** One row a log record: who, what became of them, why. */
const told = (records) =>
  records.map((record) => {
    const skip = record.provisioningSteps.find(({ provisioningStepType: type }) => type === "processing");
    const { status, errorInformation } = record.provisioningStatusInfo;
    const reason = errorInformation?.errorCode ?? skip?.details.SkipReason ?? "";
    return `${record.sourceIdentity.id} ${record.provisioningAction} ${status} ${reason}`.trim();
  });

for (const [name, begin] of [
  ["scim2-server", scim2Server],
  ["the Worker", worker],
]) {
  test(`${name}: the tutorial's steps 4 to 6`, async (t) => {
    const target = await begin();
    t.after(() => target.stop());
    const made = folder();
    const files = ["--roles", made.file("roles.json"), "--assignments", made.file("assignments.json")];
    let read = 0;
    /** Runs a cycle; its status, and the log records it added. */
    const turn = async (code, more = []) => {
      const ended = await cycle(made, target, [...files, ...more]);
      assert.equal(ended.code, code, ended.stderr);
      const log = existsSync(made.file("log.ndjson"))
        ? readFileSync(made.file("log.ndjson"), "utf8").trim().split("\n").map(JSON.parse)
        : [];
      const records = log.slice(read);
      read = log.length;
      return { status: ended.stdout ? JSON.parse(ended.stdout) : undefined, records, stderr: ended.stderr };
    };
    const held = async () => {
      const all = await target.all();
      return Object.fromEntries(all.map((one) => [one.userName ?? one.displayName, one]));
    };
    const name = (id) => `${id}@contoso.example`;

    // Step 4: who is in scope. Ana and Bo are assigned, Di and Cy through Sales; Ed has Default
    // Access alone, Flo nothing; Guy is in a group inside Sales.
    const users = [
      person("Ana", { jobTitle: "Engineer", department: "R&D", employeeId: "7", manager: { id: "bo" } }),
      person("Bo", { jobTitle: "Lead" }),
      person("Cy", { manager: { id: "ana" } }),
      person("Di"),
      person("Ed"),
      person("Flo"),
      person("Guy"),
    ];
    const sales = {
      id: "sales",
      displayName: "Sales",
      groupTypes: [],
      members: ["cy", "di", "inner"].map((id) => ({ id })),
    };
    const inner = { id: "inner", displayName: "Inner", groupTypes: [], members: [{ id: "guy" }] };
    const write = () => {
      made.write("users.json", { value: users });
      made.write("groups.json", { value: [sales, inner] });
    };
    write();
    made.write("roles.json", { appRoles: [{ id: USER, displayName: "User", value: null, isEnabled: true }] });
    const rows = [assigned("ana"), assigned("bo"), assigned("sales"), assigned("ed", DEFAULT_ACCESS)];
    made.write("assignments.json", { "@odata.context": "appRoleAssignedTo", value: rows });
    made.write("settings.json", { job: { dialect: "rfc" } });

    // Step 5, 5: Test Connection.
    const connection = ["test-connection", "--tenant-url", target.base];
    const tested = run(target, connection);
    assert.equal(tested.status, 0, tested.stderr);
    assert.match(tested.stdout, /^GET \/Users\?filter=userName\+eq\+/m);
    assert.match(tested.stdout, /^GET \/Groups\?excludedAttributes=members&filter=displayName\+eq\+/m);
    const refused = run({ token: "wrong" }, connection);
    assert.equal(refused.status, 3, refused.stderr);
    assert.match(refused.stderr, /^provisor: Unauthorized: the target answered `401`/m);
    assert.deepEqual(await target.all(), [], "a test changes nothing");

    // Step 5, 8 to 11: the attribute mappings are reviewed, on the population that they are for.
    const sources = ["--users", made.file("users.json"), "--groups", made.file("groups.json"), ...files];
    const reviewed = run(target, ["preview", ...sources, "--target-profile", "generic", "--format", "text"]);
    assert.equal(reviewed.status, 0, reviewed.stderr);
    assert.match(reviewed.stdout, /5 create, 0 update, 0 disable/);

    // Step 5, 13 to 15: provisioning is on; the initial cycle.
    const first = await turn(0);
    assert.deepEqual(
      told(first.records)
        .filter((line) => line.includes(" create "))
        .sort(),
      [
        "ana create success",
        "bo create success",
        "cy create success",
        "di create success",
        "sales create success",
      ],
    );
    const skipped = told(first.records).filter((line) => line.includes("NotEffectivelyEntitled"));
    assert.ok(skipped.includes("ed other skipped NotEffectivelyEntitled"), skipped.join("\n"));
    let there = await held();
    assert.deepEqual(
      Object.keys(there).sort(),
      [name("ana"), name("bo"), name("cy"), name("di"), "Sales"].sort(),
    );
    const ana = there[name("ana")];
    assert.equal(ana.title, "Engineer");
    assert.equal(ana.active, true);
    assert.equal(ana[ENTERPRISE].department, "R&D");
    assert.equal(ana[ENTERPRISE].employeeNumber, "7");
    assert.equal(ana[ENTERPRISE].manager.value, there[name("bo")].id);
    assert.deepEqual(
      there.Sales.members.map(({ value }) => value).sort(),
      [there[name("cy")].id, there[name("di")].id].sort(),
      "the direct members; nested groups give nothing",
    );
    assert.equal(first.status.status.code, "Active");
    assert.deepEqual(first.status.status.synchronizedEntryCountByType, [
      { key: "User", value: 4 },
      { key: "Group", value: 1 },
    ]);

    // Forty minutes later, nothing has changed.
    const quiet = await turn(0);
    assert.deepEqual(told(quiet.records), []);
    assert.equal(quiet.status.status.lastExecution.countExported, 0);

    // A change: one attribute, one request, and the log says what it was and is.
    users[0].jobTitle = "Architect";
    write();
    const changed = await turn(0);
    assert.deepEqual(told(changed.records), ["ana update success"]);
    assert.deepEqual(changed.records[0].modifiedProperties, [
      { displayName: "title", oldValue: "Engineer", newValue: "Architect" },
    ]);
    assert.equal((await held())[name("ana")].title, "Architect");

    // A disabling: Bo's account, and Di, who leaves the group that entitles.
    users[1].accountEnabled = false;
    sales.members = sales.members.filter(({ id }) => id !== "di");
    write();
    const disabled = await turn(0);
    const lines = told(disabled.records);
    assert.ok(lines.includes("bo disable success") && lines.includes("di disable success"), lines.join("\n"));
    there = await held();
    assert.deepEqual(
      [there[name("bo")].active, there[name("di")].active, there[name("cy")].active],
      [false, false, true],
    );
    assert.deepEqual(
      there.Sales.members.map(({ value }) => value),
      [there[name("cy")].id],
    );
    const active = disabled.records.find(({ sourceIdentity }) => sourceIdentity.id === "bo");
    assert.deepEqual(active.modifiedProperties, [
      { displayName: "active", oldValue: "True", newValue: "False" },
    ]);

    // A deletion: Cy for good, and the group, which is no longer assigned.
    users.splice(2, 1, { id: "cy", "@removed": { reason: "deleted" } });
    made.write("assignments.json", { value: [assigned("ana"), assigned("bo")] });
    write();
    const deleted = await turn(0);
    const gone = told(deleted.records);
    assert.ok(gone.includes("cy delete success") && gone.includes("sales delete success"), gone.join("\n"));
    assert.deepEqual(Object.keys(await held()).sort(), [name("ana"), name("bo"), name("di")]);

    // On demand: one user again, whom an assignment gives back.
    made.write("assignments.json", { value: [assigned("ana"), assigned("bo"), assigned("flo")] });
    const demanded = await cycle(made, target, [...files, "--on-demand", "flo"]);
    assert.equal(demanded.code, 0, demanded.stderr);
    const [record] = demanded.stdout.trim().split("\n");
    assert.deepEqual(told([JSON.parse(record)]), ["flo create success"]);
    read += 1;

    // Step 6: the token is withdrawn; the job goes into quarantine, and a restart ends it.
    const known = target.token;
    target.token = "wrong";
    const quarantined = await turn(3);
    assert.equal(quarantined.status.status.code, "Quarantine");
    assert.equal(quarantined.status.status.quarantine.reason, "EncounteredQuarantineException");
    target.token = known;
    const resting = await turn(3);
    assert.match(resting.stderr, /in quarantine; the next cycle is due at/);
    const mended = await turn(0, ["--restart", "QuarantineState"]);
    assert.equal(mended.status.status.code, "Active");
    assert.equal(mended.status.status.quarantine, null);
    assert.deepEqual(Object.keys(await held()).sort(), [name("ana"), name("bo"), name("di"), name("flo")]);
  });
}
