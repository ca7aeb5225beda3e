// All fields of a mapping, in Entra's words and order, and what the population makes of it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../../engine";
import { schema } from "../../state/document";
import { editMapping, removeMapping } from "../../state/edit";
import { attributes, generation } from "../../state/plan";
import { type Mapping, type MappingType, targetsOf } from "../../state/schema";
import { strings } from "../../strings";
import type { Span, TargetFindings } from "../../types";
import { lazy } from "../lazy";
import { Select } from "../Select";
import { secret } from "../value";

const TYPES: MappingType[] = ["direct", "constant", "expression", "none"];

/** The source as another type of mapping would have it. */
function as(type: MappingType, mapping: Mapping): string {
  const name = /\[([^\]]+)\]/.exec(mapping.source)?.[1] ?? attributes.value[mapping.kind][0] ?? "mail";
  const text = /"((?:[^"\\]|\\.)*)"/.exec(mapping.source)?.[0] ?? '""';
  return { none: "", direct: `[${name}]`, constant: text, expression: `Join("", [${name}])` }[type];
}

const Bars = lazy(() => import("../charts/Bars").then(({ Bars }) => Bars));

/** How often each value comes out, as bars or as a table. */
function Top({ found, hidden }: { found: TargetFindings; hidden: boolean }) {
  const t = strings();
  const total = found.filled + found.empty + found.failed;
  const shown = hidden ? [] : found.top;
  const rest = found.filled - shown.reduce((sum, [, count]) => sum + count, 0);
  const bars = [
    ...shown.map(([label, value]) => ({ label, value })),
    { label: t.otherValues, value: rest },
    { label: t.noValue, value: found.empty, tone: "skipped" },
    { label: t.error, value: found.failed, tone: "failed" },
  ].filter(({ value }) => value > 0);
  return (
    <div class="top">
      <Bars title={`${t.topValues} · ${t.distinct(found.distinct)}`} bars={bars} most={total} />
    </div>
  );
}

/** The source with the parts in grey that nobody's values lead to. */
function Untaken({ mapping }: { mapping: Mapping }) {
  const t = strings();
  const spans = useSignal<Span[]>([]);
  const { kind, source } = mapping;
  const plan = generation.value;
  useEffect(() => {
    let current = true;
    void call("untaken", kind, source).then((found) => {
      if (current && found) spans.value = found;
    });
    return () => {
      current = false;
    };
  }, [kind, source, plan, spans]);
  if (!spans.value.length) return null;
  let at = 0;
  const parts = spans.value.flatMap(({ start, end }) => {
    const before = source.slice(at, start);
    at = end;
    return [before, <s key={start}>{source.slice(start, end)}</s>];
  });
  return (
    <p class="untaken">
      <span>{t.untaken(spans.value.length)}</span>
      <code>
        {parts}
        {source.slice(at)}
      </code>
    </p>
  );
}

export function MappingDetail({ mapping, survey }: { mapping: Mapping; survey: TargetFindings | undefined }) {
  const t = strings();
  const id = `detail-${mapping.key}`;
  return (
    <div class="detail">
      <Select
        label={t.mappingType}
        value={mapping.type}
        options={TYPES.map((type) => [type, t.mappingTypes[type]])}
        onChange={(type) => editMapping(mapping, { source: as(type, mapping) })}
      />
      {mapping.type === "direct" && (
        <label>
          {t.attribute}
          <input
            list={`${id}-attributes`}
            value={mapping.source.slice(1, -1)}
            spellcheck={false}
            onChange={(event) => editMapping(mapping, { source: `[${event.currentTarget.value.trim()}]` })}
          />
          <datalist id={`${id}-attributes`}>
            {attributes.value[mapping.kind].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </label>
      )}
      <label>
        {t.defaultValue}
        <input
          value={mapping.defaultValue}
          onInput={(event) => editMapping(mapping, { defaultValue: event.currentTarget.value }, true)}
        />
      </label>
      <label>
        {t.targetAttribute}
        <input
          list={`${id}-targets`}
          spellcheck={false}
          value={mapping.target}
          onChange={(event) => editMapping(mapping, { target: event.currentTarget.value.trim() })}
        />
        <datalist id={`${id}-targets`}>
          {targetsOf(schema.value, mapping.kind).map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
      <Select
        label={t.matchObjects}
        value={mapping.matching > 0 ? "yes" : "no"}
        options={[
          ["yes", t.yes],
          ["no", t.no],
        ]}
        onChange={(chosen) => editMapping(mapping, { matching: chosen === "yes" ? 1 : 0 })}
      />
      {mapping.matching > 0 && (
        <label>
          {t.matchingPrecedence}
          <input
            type="number"
            min={1}
            max={9}
            value={mapping.matching}
            onInput={(event) =>
              editMapping(mapping, { matching: Math.max(1, Number(event.currentTarget.value) || 1) }, true)
            }
          />
        </label>
      )}
      <Select
        label={t.applyMapping}
        value={mapping.createOnly ? "create" : "always"}
        options={[
          ["always", t.always],
          ["create", t.onlyCreate],
        ]}
        onChange={(chosen) => editMapping(mapping, { createOnly: chosen === "create" })}
      />
      {mapping.type === "expression" && survey && <Untaken mapping={mapping} />}
      {survey && <Top found={survey} hidden={secret(mapping.target)} />}
      <button type="button" class="button danger" onClick={() => removeMapping(mapping)}>
        {t.removeMapping}
      </button>
    </div>
  );
}
