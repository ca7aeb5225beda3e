// The answer first: one sentence, one tile an action, destructive ones first.
import { action, only } from "../state";
import type { Action, Summary } from "../types";

export const ACTIONS: { action: Action; word: string; sign: string }[] = [
  { action: "delete", word: "Delete", sign: "×" },
  { action: "disable", word: "Disable", sign: "⊘" },
  { action: "staged", word: "Held back", sign: "‖" },
  { action: "failed", word: "Problem", sign: "!" },
  { action: "create", word: "Create", sign: "+" },
  { action: "update", word: "Update", sign: "~" },
  { action: "unchanged", word: "No change", sign: "=" },
  { action: "skipped", word: "Skipped", sign: "–" },
];

const number = (value: number) => value.toLocaleString("en");

export function PlanBar({ summary }: { summary: Summary }) {
  const shown = ACTIONS.filter(({ action }) => action !== "staged" || summary.staged > 0);
  const all = shown.reduce((total, { action }) => total + summary[action], 0);
  let at = 0;
  return (
    <section class="plan" aria-label="Plan">
      <p class="sentence" aria-live="polite">
        <b>{number(summary.users)}</b> users and <b>{number(summary.groups)}</b> groups read ·{" "}
        <b>{number(summary.inScope)}</b> in scope · <b>{number(summary.requests)}</b> writes ·{" "}
        <b>{number(summary.local)}</b> accounts only in the target, never touched
      </p>
      {summary.thresholdExceeded && (
        <p class="banner error">
          This plan disables or deletes more than the threshold: the job would be quarantined.
        </p>
      )}
      <div class="tiles">
        {shown.map(({ action: name, word, sign }) => (
          <button
            type="button"
            key={name}
            class={`tile ${name}`}
            aria-pressed={action.value === name}
            onClick={() => void only(name)}
          >
            <b>{number(summary[name])}</b>
            <span>
              <i aria-hidden="true">{sign}</i> {word}
            </span>
          </button>
        ))}
      </div>
      <svg
        class="bar"
        viewBox="0 0 1000 10"
        preserveAspectRatio="none"
        role="img"
        aria-label="Share of each action"
      >
        {shown.map(({ action: name, word }) => {
          const width = all ? (summary[name] / all) * 1000 : 0;
          at += width;
          return (
            <rect key={name} class={name} x={at - width} y="0" width={width} height="10">
              <title>
                {word}: {summary[name]}
              </title>
            </rect>
          );
        })}
      </svg>
      {summary.notes.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
    </section>
  );
}
