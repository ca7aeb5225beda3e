// The configuration in the portal's own words: settings, then every mapping, editable.
import { call } from "../engine";
import { configure, edit, operation, settings } from "../state";
import type { Diagnostic, Mapping, Settings } from "../types";

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function value(of: unknown): string {
  return typeof of === "string" ? of : JSON.stringify(of);
}

/** What the open person gets from a mapping, when it changes. */
function Result({ mapping }: { mapping: Mapping }) {
  const shown = operation.value;
  if (!shown || shown.objectType !== mapping.kind) return null;
  const change = shown.changes.find((change) => change.target === mapping.target);
  if (!change) return null;
  return <small class="result">→ {value(change.new)}</small>;
}

function Row({ mapping, found }: { mapping: Mapping; found: Diagnostic[] }) {
  const id = `mapping-${mapping.place.join("-")}`;
  return (
    <li class={found.some(({ severity }) => severity === "error") ? "mapping wrong" : "mapping"}>
      <label for={id}>
        {mapping.target}
        {mapping.match > 0 && (
          <abbr title={`Matching precedence ${mapping.match}`}>match {mapping.match}</abbr>
        )}
        {mapping.onCreate && <abbr title="Only during object creation">create only</abbr>}
      </label>
      <input
        id={id}
        spellcheck={false}
        autocomplete="off"
        placeholder="not mapped"
        value={mapping.source}
        aria-describedby={found.length ? `${id}-found` : undefined}
        onChange={(event) => void edit(mapping, event.currentTarget.value)}
      />
      <Result mapping={mapping} />
      {found.length > 0 && (
        <small id={`${id}-found`} class="found">
          {found.map(({ message, help }) => (help ? `${message}; ${help}` : message)).join(" · ")}
        </small>
      )}
    </li>
  );
}

export function Configuration({ mappings, diagnostics }: { mappings: Mapping[]; diagnostics: Diagnostic[] }) {
  const of = (mapping: Mapping) =>
    diagnostics.filter(({ path }) => path === `${mapping.kind}/${mapping.target}`);
  const placed = new Set(mappings.map(({ kind, target }) => `${kind}/${target}`));
  const other = diagnostics.filter(({ path }) => !path || !placed.has(path));
  return (
    <section class="pane configuration" aria-labelledby="configuration">
      <h2 id="configuration">Configuration</h2>
      <div class="scroll">
        <fieldset>
          <legend>Settings</legend>
          <label>
            Scope
            <select
              value={settings.value.syncAll === undefined ? "" : String(settings.value.syncAll)}
              onChange={(event) => {
                const chosen = event.currentTarget.value;
                const { syncAll: _, ...rest } = settings.value;
                settings.value = rest;
                void configure(chosen ? { syncAll: chosen === "true" } : {});
              }}
            >
              <option value="">As the files say</option>
              <option value="false">Sync only assigned users and groups</option>
              <option value="true">Sync all users and groups</option>
            </select>
          </label>
          <label>
            Requests
            <select
              value={settings.value.dialect}
              onChange={(event) =>
                void configure({ dialect: event.currentTarget.value as Settings["dialect"] })
              }
            >
              <option value="legacy">Entra, without a flag</option>
              <option value="aadOptscim062020">Entra, aadOptscim062020</option>
              <option value="rfc">RFC 7644</option>
            </select>
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={settings.value.skipOutOfScopeDeletions}
              onChange={(event) => void configure({ skipOutOfScopeDeletions: event.currentTarget.checked })}
            />
            Skip out of scope deletions
          </label>
        </fieldset>
        {other.map(({ message, help, rule }) => (
          <p class="note" key={rule + message}>
            {message}
            {help ? `; ${help}` : ""}
          </p>
        ))}
        {(["User", "Group"] as const).map((kind) => {
          const list = mappings.filter((mapping) => mapping.kind === kind);
          return (
            <section key={kind} aria-label={`${kind} mappings`}>
              <h3>
                {kind} mappings <small>{list.length} targets</small>
              </h3>
              <ul class="mappings">
                {list.map((mapping) => (
                  <Row key={`${kind}${mapping.target}`} mapping={mapping} found={of(mapping)} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
      <div class="actions foot">
        <button
          type="button"
          class="button"
          onClick={() => void call("planJson").then((text) => save("plan.json", text))}
        >
          Save plan.json
        </button>
        <button
          type="button"
          class="button"
          onClick={() => void call("schemaJson").then((text) => save("schema.json", text))}
        >
          Save schema
        </button>
      </div>
    </section>
  );
}
