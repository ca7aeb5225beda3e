// The mapping tables, users first, in the order of the configuration.
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { mappingList, schema } from "../../state/document";
import { addMapping } from "../../state/edit";
import { diagnostics, survey } from "../../state/plan";
import { type Mapping, targetsOf } from "../../state/schema";
import { strings } from "../../strings";
import type { Diagnostic, Kind, TargetFindings } from "../../types";
import { findingsOf } from "./belonging";
import { Findings } from "./Findings";
import { MappingRow } from "./MappingRow";

function AddMapping({ kind }: { kind: Kind }) {
  const t = strings();
  const target = useSignal("");
  const taken = new Set(
    mappingList.value.filter((mapping) => mapping.kind === kind).map(({ target }) => target),
  );
  const free = targetsOf(schema.value, kind).filter(({ name }) => !taken.has(name));
  return (
    <form
      class="add"
      onSubmit={(event) => {
        event.preventDefault();
        if (target.value.trim()) addMapping(kind, target.value.trim());
        target.value = "";
      }}
    >
      <input
        list={`free-${kind}`}
        aria-label={t.addFor(kind)}
        placeholder={t.targetAttribute}
        autocomplete="off"
        spellcheck={false}
        value={target.value}
        onInput={(event) => (target.value = event.currentTarget.value)}
      />
      <datalist id={`free-${kind}`}>
        {free.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit" class="button" disabled={!target.value.trim()}>
        {t.addMapping}
      </button>
    </form>
  );
}

/** Rows as they are; one that says what it said is not drawn again while somebody types in another. */
function useRows() {
  const kept = useRef(new Map<string, { said: string; drawn: VNode }>());
  return (mapping: Mapping, findings: Diagnostic[], survey: TargetFindings | undefined) => {
    const said = JSON.stringify([mapping, findings, survey]);
    const known = kept.current.get(mapping.key);
    if (known?.said === said) return known.drawn;
    const drawn = <MappingRow key={mapping.key} mapping={mapping} findings={findings} survey={survey} />;
    kept.current.set(mapping.key, { said, drawn });
    return drawn;
  };
}

export function Mappings() {
  const t = strings();
  const row = useRows();
  const wanted = useSignal("");
  const list = mappingList.value;
  const placed = new Set(list.map(({ kind, target }) => `${kind}/${target}`));
  const other = diagnostics.value.filter(
    ({ path, rule }) => rule !== "schema" && (!path || !placed.has(path)),
  );
  const found = new Map(
    survey.value?.targets.map((target) => [`${target.kind}/${target.target}`, target] as const) ?? [],
  );
  return (
    <>
      <input
        type="search"
        class="wide"
        aria-label={t.filterMappings}
        placeholder={t.filterMappings}
        value={wanted.value}
        onInput={(event) => (wanted.value = event.currentTarget.value)}
      />
      <Findings list={other} />
      {(["User", "Group"] as const).map((kind) => {
        const all = list.filter((mapping) => mapping.kind === kind);
        const text = wanted.value.toLowerCase();
        const shown = all.filter(({ target, source }) => `${target} ${source}`.toLowerCase().includes(text));
        if (!all.length) return null;
        const title = kind === "User" ? t.userMappings : t.groupMappings;
        return (
          <section key={kind} aria-label={title}>
            <h3>
              {title} <small>{t.targets(all.length)}</small>
            </h3>
            <ul class="mappings">
              {shown.map((mapping) =>
                row(
                  mapping,
                  findingsOf(mapping, list, diagnostics.value),
                  found.get(`${kind}/${mapping.target}`),
                ),
              )}
            </ul>
            <AddMapping kind={kind} />
          </section>
        );
      })}
    </>
  );
}
