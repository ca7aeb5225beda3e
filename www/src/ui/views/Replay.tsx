// The plan carried out in a directory inside the page.
import { useSignal } from "@preact/signals";
import { call, follow } from "../../engine";
import { view } from "../../prefs";
import { save } from "../../save";
import { document_, populationOf } from "../../state/document";
import { settingsFor, summary } from "../../state/plan";
import { strings, told } from "../../strings";
import type { ReplayProgress, Summary } from "../../types";

const MOST = 10_000;

export function Replay() {
  const t = strings();
  const running = useSignal<number | null>(null);
  const done = useSignal<{ progress: ReplayProgress; again: Summary } | null>(null);
  const plan = summary.value;
  const many = (plan?.users ?? 0) + (plan?.groups ?? 0) > MOST;
  const run = async () => {
    running.value = 0;
    done.value = null;
    done.value = await follow(
      "replay",
      (sent, total) => (running.value = total ? sent / total : 0),
      populationOf(document_.value),
      document_.value.schema,
      settingsFor(document_.value),
    ).finally(() => (running.value = null));
  };
  const result = done.value;
  const rest = result?.again.requests ?? 0;
  return (
    <section class="scroll view" tabIndex={0} aria-label={t.replay}>
      <p class="note">{t.replayText}</p>
      <div class="actions">
        <button
          type="button"
          class="button primary"
          disabled={many || running.value !== null}
          onClick={() => void run()}
        >
          {t.replayRun}
        </button>
        {running.value !== null && (
          <button type="button" class="button" onClick={() => void call("stop")}>
            {t.cancel}
          </button>
        )}
        {result && (
          <button
            type="button"
            class="button"
            onClick={() => void call("replayState").then((text) => save("target-after.ndjson", text))}
          >
            {t.replaySave}
          </button>
        )}
      </div>
      {many && <p class="note">{t.replayTooMany(MOST)}</p>}
      {running.value !== null && (
        <progress class="first" max={1} value={running.value} aria-label={t.working} />
      )}
      {result && (
        <>
          <p class={rest === 0 ? "result-line good" : "result-line bad"} role="status">
            {rest === 0 ? `✓ ${t.replayEmpty}` : `! ${t.replayNot(rest)}`}
          </p>
          <p>{t.replaySent(result.progress.sent, result.progress.refused)}</p>
          <table>
            <caption class="hidden">{t.replayAnswers}</caption>
            <tbody>
              {result.progress.answers.map(([answer, count]) => (
                <tr key={answer}>
                  <th scope="row">{answer}</th>
                  <td>{t.number(count)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {result.progress.refusals.length > 0 && (
            <table>
              <caption>{t.replayRefused}</caption>
              <tbody>
                {result.progress.refusals.map(({ id, request, status, detail }) => (
                  <tr key={id + request}>
                    <th scope="row">
                      <code>{request}</code>
                    </th>
                    <td>
                      {status} {told(detail)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <p class="note">
            {t.replayAgain}: {t.sentence(result.again.users, result.again.groups, result.again.inScope, rest)}
          </p>
        </>
      )}
      <div class="actions">
        <button type="button" class="button" onClick={() => (view.value = "run")}>
          {t.runTitle}
        </button>
      </div>
    </section>
  );
}
