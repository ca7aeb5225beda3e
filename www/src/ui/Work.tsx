// What is worked with once something is loaded: the plan, and the panes below it.
import { hasPeople, summary } from "../state/plan";
import { strings } from "../strings";
import { Panes } from "./Panes";
import { Plan, Unplanned } from "./Plan";

export function Work() {
  return (
    <main class="work">
      <h1 class="hidden">{strings().plan}</h1>
      {summary.value && <Plan plan={summary.value} />}
      {!summary.value && hasPeople.value && <Unplanned />}
      <Panes />
    </main>
  );
}
