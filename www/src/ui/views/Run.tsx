// The one view that uses the network, and only when it is switched on: the target's state from
// the server that serves this page, and the plan carried out there.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { document_ } from "../../state/document";
import { served, TENANT } from "../../state/network";
import { busy, generation, hasTarget, summary } from "../../state/plan";
import {
  allowed,
  begun,
  clock,
  counted,
  ending,
  log,
  pending,
  planned,
  prepare,
  preparing,
  type RunAction,
  resting,
  running,
  start,
  stop,
  stopping,
  summed,
  token,
} from "../../state/run";
import { fromServer, loadTarget, outdated } from "../../state/target";
import { runStrings } from "../../strings/run";
import type { RunPlanned } from "../../types";
import { signs } from "../Plan";
import { LoadTarget } from "./LoadTarget";
import { RunLog } from "./RunLog";

/** Destructive first, as they are sent. */
const ORDER = ["delete", "disable", "create", "update"] as const;
const named = (action: (typeof ORDER)[number]) =>
  (action.charAt(0).toUpperCase() + action.slice(1)) as RunAction;
/** Before so many answers nobody can say how long it takes. */
const ENOUGH = 5;

/** What would be sent, and the switches before it. */
function Before() {
  const t = runStrings();
  const released = useSignal(false);
  // What is wanted is what is shown, and nothing else.
  const agreed = useSignal<RunPlanned | null>(null);
  const { leftOut, settings } = document_.value;
  const ready = planned.value;
  const wanted = ready !== null && agreed.value === ready && !pending.value;
  const held = summary.value?.staged ?? 0;
  useEffect(() => {
    if (!held) released.value = false;
    if (!busy.value && summary.value) void prepare(released.value && held > 0);
  }, [generation.value, leftOut, released.value, held, busy.value]);
  if (outdated.value) return <p class="finding warning">{t.runOutdated}</p>;
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted) void start();
      }}
    >
      {!fromServer.value && <p class="finding warning">{t.runElsewhere(hasTarget.value)}</p>}
      {held > 0 && (
        <div class="banner error">
          <span>{t.quarantine(held, settings.deletionThreshold ?? 0)}</span>
          <label class="check">
            <input
              type="checkbox"
              checked={released.value}
              onChange={(event) => {
                released.value = event.currentTarget.checked;
                agreed.value = null;
              }}
            />
            {t.runRelease(held)}
          </label>
        </div>
      )}
      {pending.value && (
        <progress class="first" max={1} value={preparing.value ?? 0} aria-label={t.working} />
      )}
      {ready && ready.requests === 0 && <p>{t.runNothing}</p>}
      {ready && ready.requests > 0 && (
        <div>
          <p>
            {t.runWhat} <code>{TENANT}</code>
          </p>
          <ol class="sending">
            {ORDER.map((action) => (
              <li key={action} class={ready[action] ? action : "note"}>
                <i aria-hidden="true">{signs.get(action)}</i> <b>{t.number(ready[action])}</b>{" "}
                {t.actions[action]}
              </li>
            ))}
          </ol>
          <p class="note">{t.runOrder}</p>
        </div>
      )}
      {!!ready?.leftOut && <p class="note">{t.runLeftOut(ready.leftOut)}</p>}
      <label class="check">
        <input
          type="checkbox"
          checked={wanted}
          disabled={!ready?.requests}
          onChange={(event) => (agreed.value = event.currentTarget.checked ? ready : null)}
        />
        {t.runSwitch}
      </label>
      <div class="actions">
        <button type="submit" class="button primary" disabled={!wanted || !token.value || !ready.requests}>
          {t.runSend(ready?.requests ?? 0)}
        </button>
      </div>
    </form>
  );
}

/** How far it has come, said at most once a second. */
function Under() {
  const t = runStrings();
  const spoken = useSignal({ at: 0, text: "" });
  const total = begun.value?.requests ?? 0;
  const done = log().length;
  const left = total - done;
  const seconds = (clock.value.took / 1_000 / Math.max(1, done)) * left;
  const rest = Math.ceil((resting.value - Date.now()) / 1_000);
  const text =
    rest > 0
      ? t.runRest(rest)
      : `${t.runProgress(done, total)}${done >= ENOUGH && left ? ` · ${t.runRemaining(seconds)}` : ""}`;
  useEffect(() => {
    const now = Date.now();
    if (now - spoken.value.at >= 1_000) spoken.value = { at: now, text };
  }, [text]);
  return (
    <div class="under">
      <progress class="first" max={total} value={done} aria-label={t.runTitle} />
      <p class="line">
        <span aria-hidden="true">{text}</span>
        <span class="space" />
        <button type="button" class="button" disabled={stopping.value} onClick={() => void stop()}>
          {stopping.value ? t.runStopping : t.runStop}
        </button>
      </p>
      <p class="hidden" role="status">
        {spoken.value.text}
      </p>
    </div>
  );
}

/** What was done and what was not. */
function Counts() {
  const t = runStrings();
  const some = ORDER.filter(
    (action) =>
      counted("Success", named(action)) +
      counted("Failure", named(action)) +
      counted("Skipped", named(action)),
  );
  return (
    <table>
      <caption class="hidden">{t.runCounts}</caption>
      <thead>
        <tr>
          <th scope="col">{t.columns.action}</th>
          {(["Success", "Failure", "Skipped"] as const).map((status) => (
            <th scope="col" key={status}>
              {t.runStatus[status]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {some.map((action) => (
          <tr key={action}>
            <th scope="row">{t.actions[action]}</th>
            {(["Success", "Failure", "Skipped"] as const).map((status) => (
              <td key={status}>{t.number(counted(status, named(action)))}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How it ended, and the proof: the target loaded again, and planned for again. */
function After() {
  const t = runStrings();
  const again = useSignal<"" | "loading" | "loaded">("");
  const failed = useSignal("");
  const how = ending.value ?? "done";
  const bad = how !== "done" || counted("Failure") + counted("Skipped") > 0;
  const load = async () => {
    again.value = "loading";
    failed.value = "";
    try {
      await loadTarget(token.value);
      again.value = "loaded";
    } catch (error) {
      again.value = "";
      failed.value = error instanceof Error ? error.message : String(error);
    }
  };
  const rest = again.value === "loaded" && !busy.value ? summary.value?.requests : undefined;
  return (
    <>
      <p class={bad ? "result-line bad" : "result-line good"} role="status">
        {bad ? "!" : "✓"} {t.runEnd[how]} {summed()}
      </p>
      <div class="actions">
        <button
          type="button"
          class="button primary"
          disabled={!allowed.value || !token.value || again.value === "loading"}
          onClick={() => void load()}
        >
          {t.runAgain}
        </button>
      </div>
      <p role="status" class={rest === undefined ? "" : rest === 0 ? "result-line good" : "result-line bad"}>
        {rest !== undefined && (rest === 0 ? `✓ ${t.replayEmpty}` : `! ${t.replayNot(rest)}`)}
      </p>
      {failed.value && (
        <p class="finding error" role="alert">
          {failed.value}
        </p>
      )}
    </>
  );
}

function Plan() {
  const t = runStrings();
  return (
    <section class="network run" aria-label={t.runTitle}>
      <h3>{t.runTitle}</h3>
      {running.value ? <Under /> : ending.value && <After />}
      {(running.value || ending.value) && (
        <>
          <Counts />
          <RunLog />
        </>
      )}
      {!running.value && allowed.value && <Before />}
    </section>
  );
}

export function Run() {
  const t = runStrings();
  if (!served)
    return (
      <section class="scroll view" tabIndex={0} aria-label={t.run}>
        <p class="note">{t.runNoServer}</p>
      </section>
    );
  return (
    <section class="scroll view" tabIndex={0} aria-label={t.run}>
      <p class="note">{t.runText}</p>
      <label class="check">
        <input
          type="checkbox"
          checked={allowed.value}
          disabled={running.value}
          onChange={(event) => (allowed.value = event.currentTarget.checked)}
        />
        {t.loadTargetSwitch}
      </label>
      {allowed.value && (
        <>
          <label class="block">
            {t.token}
            <input
              type="password"
              autocomplete="off"
              value={token.value}
              onInput={(event) => (token.value = event.currentTarget.value.trim())}
            />
          </label>
          <LoadTarget />
        </>
      )}
      {(allowed.value || running.value || ending.value) && <Plan />}
    </section>
  );
}
