// The log of a run: the newest lines, all of one status when asked for, and all in a file.
import { useSignal } from "@preact/signals";
import { call } from "../../engine";
import { save } from "../../save";
import { counted, log } from "../../state/run";
import { language, told } from "../../strings";
import { runStrings } from "../../strings/run";
import type { RunEntry, RunStatus } from "../../types";

/** Lines that are shown. */
const SHOWN = 100;
const STATUSES: (RunStatus | "")[] = ["", "Failure", "Skipped", "Success"];

/** The newest lines of one status, or of all. */
function newest(status: RunStatus | ""): RunEntry[] {
  const found: RunEntry[] = [];
  const all = log();
  for (let at = all.length - 1; at >= 0 && found.length < SHOWN; at--) {
    const entry = all[at];
    if (entry && (!status || entry.status === status)) found.push(entry);
  }
  return found;
}

async function download(kind: "csv" | "ndjson"): Promise<void> {
  const type = kind === "csv" ? "text/csv" : "application/x-ndjson";
  save(`run-log.${kind}`, await call("runLog", kind, [...log()]), `${type};charset=utf-8`);
}

function Line({ entry }: { entry: RunEntry }) {
  const t = runStrings();
  const action = entry.action.toLowerCase() as Lowercase<RunEntry["action"]>;
  const tone = { Success: "create", Failure: "delete", Skipped: "skipped" }[entry.status];
  return (
    <tr>
      <td>{new Date(entry.at).toLocaleTimeString(language.value)}</td>
      <td>{t.actions[action]}</td>
      <td dir="auto">{entry.subject.name}</td>
      <td>
        <code>
          {entry.method} {entry.path}
        </code>
      </td>
      <td class={`tone ${tone}`}>
        {t.runStatus[entry.status]} {entry.statusCode || ""}
      </td>
      <td>
        {entry.code && <code>{entry.code} </code>}
        {told(entry.detail)}
      </td>
      <td>
        {entry.status === "Skipped" ? "" : `${t.number(entry.duration)} ms`}
        {entry.tries > 1 && ` · ${t.runTries(entry.tries)}`}
      </td>
    </tr>
  );
}

export function RunLog() {
  const t = runStrings();
  const status = useSignal<RunStatus | "">("");
  const lines = newest(status.value);
  const all = status.value ? counted(status.value) : log().length;
  return (
    <>
      <div class="actions" role="group" aria-label={t.runLog}>
        {STATUSES.map((each) => (
          <button
            type="button"
            class="button toggle"
            key={each}
            aria-pressed={status.value === each}
            onClick={() => (status.value = each)}
          >
            {each ? t.runStatus[each] : t.runLogAll} {t.number(each ? counted(each) : log().length)}
          </button>
        ))}
        <span class="space" />
        <button type="button" class="button" onClick={() => void download("csv")}>
          {t.runCsv}
        </button>
        <button type="button" class="button" onClick={() => void download("ndjson")}>
          {t.runNdjson}
        </button>
      </div>
      <div class="run-log" role="region" tabIndex={0} aria-label={t.runLog}>
        <table>
          <thead>
            <tr>
              {t.runColumns.map((column) => (
                <th scope="col" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((entry) => (
              <Line key={entry.request} entry={entry} />
            ))}
          </tbody>
        </table>
      </div>
      {all > lines.length && <p class="note">{t.runLogMore(all - lines.length)}</p>}
    </>
  );
}
