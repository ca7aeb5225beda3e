// The example's story in six steps. It points at real things and never blocks them.
import { useEffect } from "preact/hooks";
import { call } from "../engine";
import { guide, part, tab, view } from "../prefs";
import { mappingList, schema } from "../state/document";
import { editMapping, editScope, removeMapping } from "../state/edit";
import { behind, diagnostics, filter, only, showAll, survey } from "../state/plan";
import { scopeOf } from "../state/schema";
import { strings } from "../strings";
import { steer } from "./steer";

async function mend(): Promise<void> {
  part.value = "mappings";
  const wrong = new Set(
    diagnostics.value.filter(({ rule }) => rule === "target-path").map(({ path }) => path),
  );
  for (const mapping of mappingList.value) {
    if (!wrong.has(`${mapping.kind}/${mapping.target}`)) continue;
    const target = await call("mendTarget", mapping.target);
    if (target) editMapping(mapping, { target });
  }
  const seen = new Set<string>();
  const twice = mappingList.value.find(({ kind, target }) => {
    const name = `${kind}/${target}`;
    if (seen.has(name)) return true;
    seen.add(name);
    return false;
  });
  if (twice) removeMapping(twice);
}

async function showPeople(work: () => Promise<void>): Promise<void> {
  view.value = "people";
  tab.value = "journey";
  if (filter.value.action || filter.value.behind) await showAll();
  await work();
  steer.value.select(0);
}

/** The first of the survey's numbers of this kind whose name matches. */
const named = (list: [string, number][] | undefined, pattern: RegExp) =>
  list?.find(([name]) => pattern.test(name))?.[0];

const ACTIONS: (() => Promise<void>)[] = [
  mend,
  () => showPeople(() => behind("scope:2")),
  () =>
    showPeople(() => {
      const code = named(survey.value?.problems, /role|clarizen/i);
      return code ? behind(`problem:${code}`) : only("failed");
    }),
  async () => {
    part.value = "scope";
    const clause = { attribute: "department", operator: "EQUALS", values: ["Sales"] };
    editScope("User", [...scopeOf(schema.value, "User"), { name: "Sales", clauses: [clause] }]);
  },
  () =>
    showPeople(() => {
      const code = named(survey.value?.reasons, /DuplicateSourceEntries|ImportSkipped/);
      return code ? behind(`reason:${code}`) : only("skipped");
    }),
  async () => {
    view.value = "replay";
  },
];

export function Guide() {
  const t = strings();
  const at = guide.value ?? 0;
  const step = t.guide[at];
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if (event.key === "Escape") guide.value = null;
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  if (!step) return null;
  const last = at === t.guide.length - 1;
  return (
    <aside class="guide" aria-label={t.guideTitle}>
      <div class="line">
        <small>{t.guideStep(at + 1, t.guide.length)}</small>
        <button type="button" class="icon" aria-label={t.guideClose} onClick={() => (guide.value = null)}>
          ×
        </button>
      </div>
      <h2>{step.title}</h2>
      <p>{step.text}</p>
      <progress max={t.guide.length} value={at + 1} aria-hidden="true" />
      <div class="line">
        <button type="button" class="button primary" onClick={() => void ACTIONS[at]?.()}>
          {step.action}
        </button>
        <div class="pair">
          <button type="button" class="button" disabled={at === 0} onClick={() => (guide.value = at - 1)}>
            {t.guideBack}
          </button>
          <button type="button" class="button" onClick={() => (guide.value = last ? null : at + 1)}>
            {last ? t.guideDone : t.guideNext}
          </button>
        </div>
      </div>
    </aside>
  );
}
