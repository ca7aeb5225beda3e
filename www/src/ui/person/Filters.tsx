// The scoping filters as they came out for one person: each clause with what is expected and
// what the person has, the clause that decides marked. In a narrow pane each clause is stacked.
import { strings } from "../../strings";
import type { Came, FilterFacts } from "../../types";

const SIGNS: Record<Came, string> = { passed: "✓", failed: "×", notNeeded: "·" };

function Result({ came }: { came: Came }) {
  const t = strings();
  const word = { passed: t.true_, failed: t.false_, notNeeded: t.notAsked }[came];
  return (
    <span class={came === "passed" ? "pass" : came === "failed" ? "fail" : "unasked"}>
      <i aria-hidden="true">{SIGNS[came]}</i> {word}
    </span>
  );
}

export function Filters({ filters }: { filters: FilterFacts[] }) {
  const t = strings();
  const heads = [t.attribute, t.operator, t.value, t.actualValue, t.result];
  return (
    <table class="clauses">
      <caption>{t.scopingFilters}</caption>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      {filters.map(({ name, input, came, clauses }, at) => (
        <tbody key={`${at}${name}`}>
          <tr class="filter">
            <th scope="rowgroup" colSpan={heads.length}>
              {filters[at - 1]?.input === input && <small>{t.or} </small>}
              <span dir="auto">{name || t.filterName(at + 1)}</span>
              {input && <small> inputFilterGroups</small>} <Result came={came} />
            </th>
          </tr>
          {clauses.map(({ attribute, operator, expected, held, came, decides }, place) => (
            <tr
              key={`${place}${attribute}`}
              class={decides ? "deciding" : came === "notNeeded" ? "late" : ""}
              aria-current={decides || undefined}
            >
              <th scope="row" data-head={t.attribute}>
                {place > 0 && <small>{t.and} </small>}
                <code>{attribute}</code>
              </th>
              <td data-head={t.operator}>{operator}</td>
              <td data-head={t.value} dir="auto">
                {expected.length ? expected.join(", ") : "–"}
              </td>
              <td data-head={t.actualValue} dir="auto">
                {held.some(Boolean) ? held.join(", ") : <em>{held.length ? t.emptyValue : "null"}</em>}
              </td>
              <td data-head={t.result}>
                <Result came={came} />
                {decides && <b class="decides"> ◂ {t.decides}</b>}
              </td>
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}
