// The answer first: one sentence, one tile an action, destructive ones first, always in sight.
import { useEffect } from "preact/hooks";
import { announce } from "../state/announce";
import { canUndo, document_, undo } from "../state/document";
import { sent } from "../state/network";
import {
  again,
  behind,
  busy,
  cancel,
  cancelled,
  fileStates,
  filter,
  hasTarget,
  lastEdit,
  only,
  progress,
  summary,
} from "../state/plan";
import { strings, told } from "../strings";
import type { Action, Summary } from "../types";
import { Coded } from "./Coded";
import { Hatches, hatched } from "./charts/Hatch";
import { Expectations } from "./Expectations";

export const ACTIONS: { action: Action; sign: string }[] = [
  { action: "delete", sign: "×" },
  { action: "disable", sign: "⊘" },
  { action: "staged", sign: "‖" },
  { action: "failed", sign: "!" },
  { action: "create", sign: "+" },
  { action: "update", sign: "~" },
  { action: "unchanged", sign: "=" },
  { action: "skipped", sign: "–" },
];

export const signs = new Map(ACTIONS.map(({ action, sign }) => [action, sign]));

function Tiles({ plan }: { plan: Summary }) {
  const t = strings();
  return (
    <div class="tiles">
      {ACTIONS.filter(({ action }) => action !== "staged" || plan.staged > 0).map(({ action, sign }) => (
        <button
          type="button"
          key={action}
          class={`tile ${action}${plan[action] ? "" : " zero"}`}
          aria-pressed={filter.value.action === action}
          onClick={() => void only(action)}
        >
          <b>{t.number(plan[action])}</b>
          <span>
            <i aria-hidden="true">{sign}</i> {t.actions[action]}
          </span>
        </button>
      ))}
    </div>
  );
}

/** All actions as one bar. Each part is as wide as its share, and never too thin to see. */
function Bar({ plan }: { plan: Summary }) {
  const t = strings();
  const some = ACTIONS.filter(({ action }) => plan[action] > 0);
  const total = some.reduce((sum, { action }) => sum + plan[action], 0);
  let at = 0;
  const most = document_.value.settings.deletionThreshold;
  return (
    <svg class="bar" role="img" aria-label={t.share100}>
      {some.map(({ action }) => {
        const width = Math.max(0.3, (plan[action] / total) * 100);
        const place = { x: `${at}%`, y: "0", width: `${Math.max(0.1, width - 0.2)}%`, height: "10" };
        const hatch = hatched(action);
        at += width;
        return (
          <g key={action} class={action}>
            <rect {...place} />
            {hatch && <rect {...place} {...hatch} />}
            <title>
              {t.actions[action]}: {t.number(plan[action])}
            </title>
          </g>
        );
      })}
      {most !== undefined && (
        <rect class="tick" x={`${Math.min(99.8, (most / total) * 100)}%`} y="0" width="2" height="10">
          <title>
            {t.threshold}: {t.number(most)}
          </title>
        </rect>
      )}
    </svg>
  );
}

function LastEdit() {
  const t = strings();
  const last = lastEdit.value;
  if (!last?.label) return null;
  return (
    <span class="last-edit">
      {t.lastEdit(last.changed)}
      {last.changed > 0 && (
        <button
          type="button"
          class="link"
          aria-pressed={filter.value.behind === "edited"}
          onClick={() => void behind("edited")}
        >
          {t.show}
        </button>
      )}
      {canUndo.value !== null && (
        <button type="button" class="link" onClick={undo}>
          {t.undo.toLowerCase()}
        </button>
      )}
    </span>
  );
}

export function Plan({ plan }: { plan: Summary }) {
  const t = strings();
  const changes = plan.create + plan.update + plan.disable + plan.delete + plan.staged;
  const sentence = t.sentence(plan.users, plan.groups, plan.inScope, plan.requests);
  const done = changes === 0 && plan.failed === 0;
  // Only what comes out in the end is told aloud.
  const aloud = busy.value ? "" : `${sentence}${done ? `. ${t.nothingToDo}` : ""}`;
  useEffect(() => {
    if (aloud) announce(aloud);
  }, [aloud]);
  return (
    <section id="plan" class={busy.value ? "plan working" : "plan"} aria-label={t.plan} tabIndex={-1}>
      <div class="answer">
        <p class="sentence">
          {sentence}
          {done && <b class="success"> ✓ {t.nothingToDo}</b>}
        </p>
        <p class="aside">
          <LastEdit />
          <Expectations />
        </p>
      </div>
      {plan.thresholdExceeded && (
        <p class="banner error" role="alert">
          <span>{t.quarantine(plan.staged, threshold())}</span>
          <button type="button" class="button" onClick={() => void only("staged")}>
            {t.showThem}
          </button>
        </p>
      )}
      <Hatches />
      <Tiles plan={plan} />
      <Bar plan={plan} />
      <p class="notes">
        {!hasTarget.value && <span>{t.noTarget} </span>}
        {plan.local > 0 && <span>{t.onlyInTarget(plan.local)}. </span>}
        {plan.notes.map((note) => (
          <span key={note}>{told(note)}. </span>
        ))}
        <FileNotes />
        <span class="print-only">{t.printHint}</span>
        <span class="network-use">
          {t.sentNothing(sent.value)} · {navigator.serviceWorker?.controller ? t.installed : t.privacyShort}
        </span>
      </p>
      <Cancelled />
      <Working />
    </section>
  );
}

/** What was seen in the files that deserves a look. */
function FileNotes() {
  const t = strings();
  const notes = document_.value.files.flatMap(({ name }, at) =>
    (fileStates.value[at]?.report?.notes ?? []).map((note) => ({ name, note })),
  );
  if (!notes.length) return null;
  return (
    <details class="file-notes">
      <summary>{t.fileNotes(notes.length)}</summary>
      <ul>
        {notes.map(({ name, note }) => (
          <li key={name + note}>
            <b dir="auto">{name}</b> <Coded text={note} />
          </li>
        ))}
      </ul>
    </details>
  );
}

const threshold = () => document_.value.settings.deletionThreshold ?? 0;

/** Before there is a plan: what is under way, and how to stop it or go on. */
export function Unplanned() {
  const t = strings();
  if (!busy.value && !cancelled.value) return null;
  return (
    <section id="plan" class="plan" aria-label={t.plan} tabIndex={-1}>
      {busy.value && <p class="sentence">{t.working}…</p>}
      <Cancelled />
      <Working />
    </section>
  );
}

function Cancelled() {
  const t = strings();
  if (!cancelled.value) return null;
  return (
    <p class="banner" role="status">
      <span>{summary.value ? t.cancelled : t.cancelledFirst}</span>
      <button type="button" class="button" onClick={() => void again()}>
        {t.planAgain}
      </button>
    </p>
  );
}

/** A thin line while the engine works, and a way to stop it. */
function Working() {
  const t = strings();
  if (!busy.value) return null;
  return (
    <div class="working-line">
      <progress aria-label={t.working} {...(progress.value < 1 ? { value: progress.value, max: 1 } : {})} />
      <button type="button" class="link" onClick={cancel}>
        {t.cancel}
      </button>
    </div>
  );
}
