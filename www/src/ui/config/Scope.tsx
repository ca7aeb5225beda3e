// Who is in scope: sync scope, and scoping filters as cards. Clauses are joined by AND,
// filters by OR; each clause says how many pass it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../../engine";
import { document_, schema } from "../../state/document";
import { configure, editScope } from "../../state/edit";
import { attributes, generation } from "../../state/plan";
import { type Clause, OPERATORS, objects, type ScopeGroup, scopeOf, UNARY } from "../../state/schema";
import { strings } from "../../strings";
import type { Kind, Settings } from "../../types";
import { Select } from "../Select";

function Values({
  kind,
  attribute,
  onPick,
}: {
  kind: Kind;
  attribute: string;
  onPick: (value: string) => void;
}) {
  const t = strings();
  const found = useSignal<[string, number][]>([]);
  useEffect(() => {
    let current = true;
    void call("frequent", kind, attribute).then((values) => {
      if (current) found.value = values;
    });
    return () => {
      current = false;
    };
  }, [kind, attribute, generation.value, found]);
  const most = found.value[0]?.[1] ?? 0;
  if (!most) return null;
  return (
    <ul class="frequent" aria-label={t.frequentValues}>
      {found.value.map(([value, count]) => (
        <li key={value}>
          <button type="button" onClick={() => onPick(value)}>
            <span dir="auto">{value}</span>
            <meter min={0} max={most} value={count} aria-hidden="true" />
            <small>{t.number(count)}</small>
          </button>
        </li>
      ))}
    </ul>
  );
}

function ClauseRow({
  kind,
  clause,
  counts,
  onChange,
  onRemove,
}: {
  kind: Kind;
  clause: Clause;
  counts: [number, number] | undefined;
  onChange: (change: Partial<Clause>, typing: boolean) => void;
  onRemove: () => void;
}) {
  const t = strings();
  const known = OPERATORS.includes(clause.operator) ? OPERATORS : [clause.operator, ...OPERATORS];
  return (
    <div class="clause">
      <input
        aria-label={t.attribute}
        list={`attributes-${kind}`}
        spellcheck={false}
        value={clause.attribute}
        onChange={(event) => onChange({ attribute: event.currentTarget.value.trim() }, false)}
      />
      <select
        aria-label={t.operator}
        value={clause.operator}
        onChange={(event) => onChange({ operator: event.currentTarget.value }, false)}
      >
        {known.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {!UNARY.has(clause.operator) && (
        <input
          aria-label={t.value}
          spellcheck={false}
          value={clause.values.join("; ")}
          onInput={(event) => onChange({ values: event.currentTarget.value.split(/\s*;\s*/) }, true)}
        />
      )}
      <button
        type="button"
        class="icon"
        aria-label={t.removeClause}
        title={t.removeClause}
        onClick={onRemove}
      >
        ×
      </button>
      {counts && <small class="passes">{t.clausePasses(counts[0], counts[1])}</small>}
      {!UNARY.has(clause.operator) && (
        <Values
          kind={kind}
          attribute={clause.attribute}
          onPick={(value) => onChange({ values: [value] }, false)}
        />
      )}
    </div>
  );
}

function Filters({ kind }: { kind: Kind }) {
  const t = strings();
  const groups = scopeOf(schema.value, kind);
  const tally = useSignal<[number, number][][]>([]);
  useEffect(() => {
    let current = true;
    void call("scopeTally", kind).then((counts) => {
      if (current && counts) tally.value = counts;
    });
    return () => {
      current = false;
    };
  }, [kind, generation.value, tally]);
  const names = attributes.value[kind];
  const first = names.includes("department") ? "department" : (names[0] ?? "department");
  const fresh = (): Clause => ({ attribute: first, operator: "EQUALS", values: [""] });
  const put = (at: number, group: ScopeGroup, typing = "") =>
    editScope(
      kind,
      groups.map((other, index) => (index === at ? group : other)),
      typing,
    );
  return (
    <section aria-label={kind === "User" ? t.users : t.groups}>
      <h3>
        {kind === "User" ? t.users : t.groups} <small>{t.scopingFilters}</small>
      </h3>
      <datalist id={`attributes-${kind}`}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {groups.length === 0 && <p class="note">{t.noFilters}</p>}
      {groups.map((group, at) => (
        <div key={at}>
          {at > 0 && <p class="joint">{t.or}</p>}
          <fieldset class="card">
            <legend class="hidden">{group.name}</legend>
            <div class="line">
              <input
                class="title"
                aria-label={t.filterTitle}
                value={group.name}
                onInput={(event) =>
                  put(at, { ...group, name: event.currentTarget.value }, `scope-name-${kind}-${at}`)
                }
              />
              <button
                type="button"
                class="icon"
                aria-label={t.removeFilter}
                title={t.removeFilter}
                onClick={() =>
                  editScope(
                    kind,
                    groups.filter((_, index) => index !== at),
                  )
                }
              >
                ×
              </button>
            </div>
            {group.clauses.map((clause, index) => (
              <div key={index}>
                {index > 0 && <p class="joint">{t.and}</p>}
                <ClauseRow
                  kind={kind}
                  clause={clause}
                  counts={tally.value[at]?.[index]}
                  onChange={(change, typing) =>
                    put(
                      at,
                      {
                        ...group,
                        clauses: group.clauses.map((other, place) =>
                          place === index ? { ...other, ...change } : other,
                        ),
                      },
                      typing ? `scope-${kind}-${at}-${index}` : "",
                    )
                  }
                  onRemove={() => {
                    const clauses = group.clauses.filter((_, place) => place !== index);
                    if (clauses.length) put(at, { ...group, clauses });
                    else
                      editScope(
                        kind,
                        groups.filter((_, place) => place !== at),
                      );
                  }}
                />
              </div>
            ))}
            <button
              type="button"
              class="link"
              onClick={() => put(at, { ...group, clauses: [...group.clauses, fresh()] })}
            >
              {t.addClause}
            </button>
          </fieldset>
        </div>
      ))}
      <button
        type="button"
        class="button"
        onClick={() =>
          editScope(kind, [...groups, { name: t.filterName(groups.length + 1), clauses: [fresh()] }])
        }
      >
        {t.addFilter}
      </button>
    </section>
  );
}

export function Scope() {
  const t = strings();
  const { syncAll } = document_.value.settings;
  const choose = (chosen: string) => {
    configure({ syncAll: chosen === "" ? undefined : chosen === "true" } as Partial<Settings>);
  };
  return (
    <>
      <Select
        block
        label={t.syncScope}
        value={syncAll === undefined ? "" : String(syncAll)}
        options={[
          ["", t.syncFiles],
          ["false", t.syncAssigned],
          ["true", t.syncAll],
        ]}
        onChange={choose}
      />
      {(schema.value ? objects(schema.value) : []).map(({ kind }) => (
        <Filters key={kind} kind={kind} />
      ))}
    </>
  );
}
