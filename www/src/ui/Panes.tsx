// Three panes beside each other; one at a time where there is no room.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { narrow, type View, view } from "../prefs";
import { opened } from "../state/person";
import { hasPeople } from "../state/plan";
import { strings } from "../strings";
import { Choose } from "./Choose";
import { Configuration } from "./config/Configuration";
import { lazy } from "./lazy";
import { Paste } from "./Paste";
import { People } from "./people/People";
import { Person } from "./person/Person";
import { Splitter } from "./Splitter";
import { Tabs } from "./Tabs";

const Insights = lazy(() => import("./charts/Insights").then(({ Insights }) => Insights));
const SignOn = lazy(() => import("./views/SignOn").then(({ SignOn }) => SignOn));
const Replay = lazy(() => import("./views/Replay").then(({ Replay }) => Replay));
const Run = lazy(() => import("./views/Run").then(({ Run }) => Run));
const Compare = lazy(() => import("./views/Compare").then(({ Compare }) => Compare));

const VIEWS: View[] = ["people", "insights", "signOn", "replay", "run", "compare"];

/** What is still needed for a plan. */
function WithoutPeople() {
  const t = strings();
  return (
    <div class="scroll">
      <h2>{t.withoutPeopleTitle}</h2>
      <p class="note">{t.withoutPeople}</p>
      <div class="actions">
        <Choose label={t.chooseFiles} primary />
      </div>
      <Paste />
    </div>
  );
}

function Middle() {
  const t = strings();
  if (!hasPeople.value)
    return (
      <div class="pane middle" id="people-view">
        <WithoutPeople />
      </div>
    );
  return (
    <div class="pane middle">
      <Tabs
        name="view"
        label={t.views}
        tabs={VIEWS.map((id) => ({ id, word: t[id] }))}
        selected={view.value}
        onSelect={(id) => (view.value = id)}
      />
      <div id="view" class="fill" role="tabpanel" aria-labelledby={`view-${view.value}`}>
        {view.value === "people" && <People />}
        {view.value === "insights" && <Insights />}
        {view.value === "signOn" && <SignOn />}
        {view.value === "replay" && <Replay />}
        {view.value === "run" && <Run />}
        {view.value === "compare" && <Compare />}
      </div>
    </div>
  );
}

export function Panes() {
  const t = strings();
  const panes = useRef<HTMLDivElement>(null);
  const left = useSignal(380);
  const right = useSignal(440);
  return (
    <>
      <div class="narrow-tabs" role="group" aria-label={t.views}>
        {(["configuration", "people", "person"] as const).map((id) => (
          <button
            type="button"
            key={id}
            aria-pressed={narrow.value === id}
            onClick={() => (narrow.value = id)}
          >
            {t[id]}
          </button>
        ))}
      </div>
      <div ref={panes} class={`panes show-${narrow.value}${opened.value ? " opened" : ""}`}>
        <Configuration />
        <Splitter
          panes={panes}
          variable="--left"
          width={left.value}
          onWidth={(width) => (left.value = width)}
          name={t.configuration}
        />
        <Middle />
        <Splitter
          panes={panes}
          variable="--right"
          width={right.value}
          onWidth={(width) => (right.value = width)}
          name={t.person}
          reverse
        />
        <Person />
      </div>
    </>
  );
}
