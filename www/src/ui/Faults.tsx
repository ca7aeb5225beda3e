// What is wrong with files and configuration: where, with the line itself and a caret under the
// place, what to do about it, and a button for what can be done here. Loaded when there is something.
import { version } from "../../../package.json";
import { copy } from "../save";
import { announce } from "../state/announce";
import { commit, document_ } from "../state/document";
import { mapColumn } from "../state/edit";
import { textOf } from "../state/files";
import { cause, fault, fileStates, schemaError } from "../state/plan";
import { strings, told } from "../strings";
import type { InputError } from "../types";
import { Coded } from "./Coded";
import { Select } from "./Select";

/** Letters of a long line that are shown around the place. */
const WIDE = 90;
/** How many people are read instead of too many. */
const FEWER = 50_000;

/** The line with the fault, and a caret under its place. */
function excerpt(text: string, { line, column }: InputError): string {
  if (!line) return "";
  const whole = text.split("\n", line)[line - 1]?.replace(/\r$/, "").replaceAll("\t", " ") ?? "";
  if (!whole.trim()) return "";
  // The engine counts bytes.
  const before = new TextDecoder().decode(new TextEncoder().encode(whole).subarray(0, (column ?? 1) - 1));
  const from = Math.max(0, before.length - WIDE / 2);
  const shown = `${from > 0 ? "…" : ""}${whole.slice(from, from + WIDE)}${whole.length > from + WIDE ? "…" : ""}`;
  if (!column) return shown;
  return `${shown}\n${" ".repeat(before.length - from + (from > 0 ? 1 : 0))}^`;
}

/** Which of an unknown table's columns is the user name. */
function UserName({ headers }: { headers: string[] }) {
  const t = strings();
  return (
    <Select
      label={t.whichUserName}
      value=""
      options={[["", "—"], ...headers.filter(Boolean).map((name) => [name, name] as const)]}
      onChange={(chosen) => {
        if (chosen) mapColumn(chosen, "userPrincipalName");
      }}
    />
  );
}

function Fault({ title, error, text }: { title: string; error: InputError; text: () => string }) {
  const t = strings();
  const part = excerpt(error.line ? text() : "", error);
  return (
    <div class="banner error" role="alert">
      <span>
        <b>{title}</b>
        <Coded text={error.message} />
        {error.line ? (error.column ? t.lineColumn(error.line, error.column) : t.line(error.line)) : ""}
        {error.help && (
          <>
            {"; "}
            <Coded text={error.help} />
          </>
        )}
        {part && <pre class="excerpt">{part}</pre>}
      </span>
      {error.headers && error.headers.length > 0 && <UserName headers={error.headers} />}
      {/more than \S+ records/.test(error.message) && (
        <button type="button" class="button" onClick={() => commit(t.onlyFirst(FEWER), { most: FEWER })}>
          {t.onlyFirst(FEWER)}
        </button>
      )}
    </div>
  );
}

/** What is shown, and what lies behind it: the cause, the version, the browser. */
const details = () =>
  [told(fault.value ?? ""), cause.value, `Provisor ${version}, ${navigator.userAgent}`]
    .filter(Boolean)
    .join("\n\n");

export function Faults() {
  const t = strings();
  const { files, schema } = document_.value;
  return (
    <>
      {files.map(({ name, bytes }, at) => {
        const error = fileStates.value[at]?.error;
        return error ? (
          <Fault key={name} title={t.fileError(name)} error={error} text={() => textOf(bytes)} />
        ) : null;
      })}
      {schemaError.value && <Fault title={t.schemaWrong} error={schemaError.value} text={() => schema} />}
      {fault.value && (
        <p class="banner error" role="alert">
          <span>{told(fault.value)}</span>
          <button
            type="button"
            class="button"
            onClick={async () => {
              if (await copy(details())) announce(t.copied);
            }}
          >
            {t.copyDetails}
          </button>
          <button type="button" class="button" onClick={() => (fault.value = null)}>
            {t.dismiss}
          </button>
        </p>
      )}
    </>
  );
}
