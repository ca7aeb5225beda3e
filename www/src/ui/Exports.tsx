// What goes out. The engine writes each; the page only names the file. What is not ticked stays
// out of the files of requests, and of nothing else.
import { call } from "../engine";
import { narrow, view } from "../prefs";
import { save } from "../save";
import { document_ } from "../state/document";
import { leaveOut } from "../state/edit";
import { settingsFor, summary } from "../state/plan";
import { strings, toldHtml } from "../strings";
import type { Action } from "../types";

const FILES = {
  planJson: ["plan.json", "application/json"],
  planCsv: ["provisioning-log.csv", "text/csv"],
  stepsCsv: ["steps.csv", "text/csv"],
  propertiesCsv: ["modified-properties.csv", "text/csv"],
  http: ["requests.http", "text/plain"],
  curl: ["requests.sh", "text/x-shellscript"],
  bulk: ["bulk.json", "application/scim+json"],
  report: ["report.html", "text/html"],
} as const;

export type Export = keyof typeof FILES;

/** Each with the name of its text, requests first. */
export const EXPORTS = [
  ["http", "exportHttp"],
  ["curl", "exportCurl"],
  ["bulk", "exportBulk"],
  ["report", "exportReport"],
  ["planJson", "exportPlan"],
  ["planCsv", "exportCsvPlan"],
  ["stepsCsv", "exportCsvSteps"],
  ["propertiesCsv", "exportCsvProperties"],
] as const;

const OF_REQUESTS = 3;
/** The actions that send something. */
const SENDING: Action[] = ["delete", "disable", "create", "update"];

export async function write(kind: Export): Promise<void> {
  const [name, type] = FILES[kind];
  const { schema, leftOut } = document_.value;
  const of = {
    schema,
    settings: settingsFor(document_.value),
    leftOut: { actions: [...leftOut.actions], ids: [...leftOut.ids] },
  };
  const parts = await call("export", kind, of);
  // The report is for people; all else is as the command line writes it.
  save(name, kind === "report" ? parts.map(toldHtml) : parts, `${type};charset=utf-8`);
}

export async function writeSchema(): Promise<void> {
  save("schema.json", await call("schemaFile", document_.value.schema));
}

function runView(): void {
  view.value = "run";
  narrow.value = "people";
}

export function Exports() {
  const t = strings();
  const { leftOut } = document_.value;
  const plan = summary.value;
  const item = ([kind, word]: (typeof EXPORTS)[number]) => (
    <button type="button" class="item" key={kind} onClick={() => void write(kind)}>
      {t[word]}
    </button>
  );
  return (
    <>
      <fieldset class="ticks">
        <legend>{t.exportOnly}</legend>
        {SENDING.filter((action) => (plan?.[action] ?? 0) > 0).map((action) => (
          <label class="check" key={action}>
            <input
              type="checkbox"
              checked={!leftOut.actions.includes(action)}
              onChange={(event) => leaveOut("actions", action, !event.currentTarget.checked)}
            />
            {t.actions[action]} {t.number(plan?.[action] ?? 0)}
          </label>
        ))}
        {leftOut.ids.length > 0 && <small>{t.exportLeftOut(leftOut.ids.length)}</small>}
      </fieldset>
      {EXPORTS.slice(0, OF_REQUESTS).map(item)}
      <button type="button" class="item" onClick={runView}>
        {t.runTitle}
      </button>
      <hr />
      {EXPORTS.slice(OF_REQUESTS).map(item)}
      <button type="button" class="item" onClick={() => void writeSchema()}>
        {t.exportSchema}
      </button>
    </>
  );
}
