// One person: the journey in Entra's steps, the result, the changes, the requests.
import { narrow, type Tab, tab } from "../../prefs";
import { close, type Person as Opened, person } from "../../state/person";
import { strings } from "../../strings";
import { lazy } from "../lazy";
import { signs } from "../Plan";
import { steer } from "../steer";
import { Tabs } from "../Tabs";

const Journey = lazy(() => import("./tabs").then(({ Journey }) => Journey));
const Result = lazy(() => import("./tabs").then(({ Result }) => Result));
const Changes = lazy(() => import("./tabs").then(({ Changes }) => Changes));
const Requests = lazy(() => import("./tabs").then(({ Requests }) => Requests));

/** The display name where it is another than what the list says. */
function called({ inside, operation }: Opened): string {
  const shown = inside.attributes.find(({ name }) => name === "displayName")?.values[0] ?? "";
  return shown === operation.source.displayName ? "" : shown;
}

export const TABS: Tab[] = ["journey", "result", "changes", "requests"];

export function Person() {
  const t = strings();
  const open = person.value;
  if (!open)
    return (
      <section id="person-view" class="pane person" aria-labelledby="person" tabIndex={-1}>
        <h2 id="person" class="hidden">
          {t.person}
        </h2>
        <p class="empty">
          <span class="big" aria-hidden="true">
            ☞
          </span>
          {t.choosePerson}
        </p>
      </section>
    );
  const { operation } = open;
  const { select, active, total } = steer.value;
  return (
    <section id="person-view" class="pane person" aria-labelledby="person" tabIndex={-1}>
      <div class="head">
        <div>
          <h2 id="person" dir="auto">
            {called(open) || operation.source.displayName}
            {called(open) && <small>{operation.source.displayName}</small>}
          </h2>
          <p class={`verdict ${operation.verdict}`}>
            <i aria-hidden="true">{signs.get(operation.verdict)}</i> {t.actions[operation.verdict]}
            {operation.reason && <code>{operation.reason}</code>}
          </p>
        </div>
        <div class="pair">
          <button
            type="button"
            class="button icon"
            aria-label={t.previous}
            disabled={active() === 0}
            onClick={() => select(active() - 1)}
          >
            ‹
          </button>
          <button
            type="button"
            class="button icon"
            aria-label={t.next}
            disabled={active() >= total - 1}
            onClick={() => select(active() + 1)}
          >
            ›
          </button>
          <button
            type="button"
            class="button icon"
            aria-label={t.close}
            onClick={() => {
              narrow.value = "people";
              close();
            }}
          >
            ×
          </button>
        </div>
      </div>
      <Tabs
        name="detail"
        label={t.detailTabs}
        tabs={TABS.map((id) => ({
          id,
          word: t[id],
          count:
            id === "changes" ? operation.changes.length : id === "requests" ? operation.requests.length : 0,
        }))}
        selected={tab.value}
        onSelect={(id) => (tab.value = id)}
      />
      <div id="detail" class="scroll" role="tabpanel" aria-labelledby={`detail-${tab.value}`} tabIndex={0}>
        {tab.value === "journey" && <Journey open={open} />}
        {tab.value === "result" && <Result open={open} />}
        {tab.value === "changes" && <Changes open={open} />}
        {tab.value === "requests" && <Requests open={open} />}
      </div>
    </section>
  );
}
