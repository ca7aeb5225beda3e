// Cycles from the command line against foreign and own endpoints: killed with SIGKILL at
// any moment, they end where the plan wants, and nobody is made twice.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cycle, dice, folder, population, wishes } from "./source.mjs";
import { scim2Server, worker } from "./target.mjs";

const KILLS = Number(process.env.KILLS ?? 16);
const RFC = { dialect: "rfc" };

function files(source, settings = RFC) {
  const made = folder();
  made.write("users.json", { value: source.users });
  made.write("groups.json", { value: source.groups });
  made.write("settings.json", { job: settings, repairReferences: true });
  return made;
}

for (const [name, begin] of [
  ["scim2-server", scim2Server],
  ["the Worker", worker],
]) {
  test(`${name}: a cycle does what the plan wants, the next one nothing`, async (t) => {
    const target = await begin();
    t.after(() => target.stop());
    const made = files(population(20, 1));
    const first = await cycle(made, target);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(await wishes(made, target, RFC), []);
    const status = JSON.parse(first.stdout);
    assert.equal(status.status.code, "Active");
    const log = readFileSync(made.file("log.ndjson"), "utf8").trim().split("\n").map(JSON.parse);
    assert.equal(
      log.filter((record) => record.provisioningAction === "create").length,
      status.status.lastExecution.counts.created,
    );
    const second = await cycle(made, target);
    assert.equal(second.code, 0, second.stderr);
    assert.equal(JSON.parse(second.stdout).status.lastExecution.countExported, 0);
    assert.equal(JSON.parse(second.stdout).status.lastExecution.countImported, 0);
  });

  test(`${name}: killed ${KILLS} times while the directory changes`, async (t) => {
    const target = await begin();
    t.after(() => target.stop());
    const roll = dice(Date.now());
    const made = files(population(40, 2));
    let killed = 0;
    // Within how many milliseconds: as long as this machine takes for a cycle, found out by
    // letting them run a little longer each time until one ends by itself.
    let span = 60;
    for (let turn = 0; turn < KILLS; turn++) {
      const round = turn - (KILLS >> 1) + 1;
      if (round > 0) {
        // Names change while creates may be under way: whose reply was lost is still found.
        const { users, groups } = population(40, 2, round);
        made.write("users.json", { value: users });
        made.write("groups.json", { value: groups });
      }
      const began = Date.now();
      const { signal } = await cycle(made, target, [], 20 + roll(span));
      if (signal === "SIGKILL") {
        killed += 1;
        span = Math.min(span * 1.5, 1_400);
      } else span = Math.max(60, Date.now() - began);
    }
    t.diagnostic(`${killed} of ${KILLS} were killed before their end`);
    assert.ok(killed > 0);
    let last;
    for (let turn = 0; turn < 3; turn++) {
      last = await cycle(made, target);
      assert.ok([0, 1].includes(last.code), `${last.code} ${last.stderr}`);
    }
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(await wishes(made, target, RFC), []);
    const names = (await target.all()).filter(({ userName }) => userName).map((user) => user.displayName);
    assert.equal(new Set(names).size, names.length, "somebody was made twice");
  });
}

test("scim2-server: dry run, on demand, a refused token, restart", async (t) => {
  const target = await scim2Server();
  t.after(() => target.stop());
  const made = files({
    users: population(4, 3).users.map((user) => ({ ...user, accountEnabled: true })),
    groups: [],
  });
  const dry = await cycle(made, target, ["--dry-run"]);
  assert.equal(dry.code, 0, dry.stderr);
  assert.equal(
    dry.stdout.split("\n").filter((line) => line.includes('"provisioningAction":"create"')).length,
    4,
  );
  assert.deepEqual(await target.all(), []);
  const one = await cycle(made, target, ["--on-demand", "u1"]);
  assert.equal(one.code, 0, one.stderr);
  assert.deepEqual(
    (await target.all()).map(({ userName }) => userName),
    ["person1@contoso.example"],
  );
  const refused = await cycle(made, { ...target, token: "wrong" });
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /notice: EncounteredQuarantineException: .*401/);
  const waiting = await cycle(made, target);
  assert.equal(waiting.code, 3);
  assert.match(waiting.stderr, /the next cycle is due/);
  const restarted = await cycle(made, target, ["--restart", "QuarantineState"]);
  assert.equal(restarted.code, 0, restarted.stderr);
  assert.equal((await target.all()).length, 4);
});
