// What goes out. The engine writes each; the page only names the file.
import { call } from "../engine";
import { save } from "../save";
import { document_ } from "../state/document";
import { strings } from "../strings";

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

type Export = keyof typeof FILES;

async function write(kind: Export): Promise<void> {
  const [name, type] = FILES[kind];
  save(name, await call("export", kind), `${type};charset=utf-8`);
}

async function writeSchema(): Promise<void> {
  save("schema.json", await call("schemaFile", document_.value.schema));
}

export function Exports() {
  const t = strings();
  const items: [Export, string][] = [
    ["planJson", t.exportPlan],
    ["planCsv", t.exportCsvPlan],
    ["stepsCsv", t.exportCsvSteps],
    ["propertiesCsv", t.exportCsvProperties],
    ["http", t.exportHttp],
    ["curl", t.exportCurl],
    ["bulk", t.exportBulk],
    ["report", t.exportReport],
  ];
  return (
    <>
      {items.map(([kind, label]) => (
        <button type="button" class="item" key={kind} onClick={() => void write(kind)}>
          {label}
        </button>
      ))}
      <button type="button" class="item" onClick={() => void writeSchema()}>
        {t.exportSchema}
      </button>
    </>
  );
}
