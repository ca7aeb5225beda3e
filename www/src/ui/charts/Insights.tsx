// The plan in pictures: each bar leads to the people behind it.
import { view } from "../../prefs";
import { behind, filter, only, summary, survey } from "../../state/plan";
import { strings, told } from "../../strings";
import { ACTIONS } from "../Plan";
import { short } from "../value";
import { Bars } from "./Bars";

async function people(work: () => Promise<void>): Promise<void> {
  await work();
  view.value = "people";
}

const pick = (name: string) =>
  people(() => (filter.value.behind === name ? Promise.resolve() : behind(name)));

export function Insights() {
  const t = strings();
  const plan = summary.value;
  const seen = survey.value;
  if (!plan || !seen) return <p class="empty">{t.working}…</p>;
  let left = seen.read;
  const funnel = seen.funnel.map(({ name, lost }, at) => {
    left -= lost;
    const rest = left;
    return {
      label: told(name),
      value: rest,
      note: lost ? `${t.number(rest)}  (${t.lost(lost)})` : t.number(rest),
      onPick: lost ? () => void pick(`scope:${at}`) : undefined,
    };
  });
  const changed = seen.targets.filter((target) => target.changed > 0).sort((a, b) => b.changed - a.changed);
  const linkedOut = plan.targets - plan.local - linkedIn();
  function linkedIn(): number {
    return Math.min(plan?.targets ?? 0, (plan?.update ?? 0) + (plan?.unchanged ?? 0));
  }
  return (
    <section class="scroll view" tabIndex={0} aria-label={t.insights}>
      <div class="charts">
        <Bars
          title={t.chartPlan}
          bars={ACTIONS.filter(({ action }) => plan[action] > 0).map(({ action }) => ({
            label: t.actions[action],
            value: plan[action],
            tone: action,
            onPick: () =>
              void people(() => (filter.value.action === action ? Promise.resolve() : only(action))),
          }))}
        />
        <Bars
          title={t.chartFunnel}
          bars={[{ label: t.read, value: seen.read }, ...funnel]}
          most={seen.read}
        />
        <Bars
          title={t.chartChanged}
          bars={changed.slice(0, 12).map(({ kind, target, changed }) => ({
            label: short(target),
            value: changed,
            tone: "update",
            onPick: () => void pick(`changed:${kind}/${target}`),
          }))}
        />
        <Bars
          title={t.chartProblems}
          bars={seen.problems.map(([code, count]) => ({
            label: code,
            value: count,
            tone: "failed",
            onPick: () => void pick(`problem:${code}`),
          }))}
        />
        <Bars
          title={t.chartAccounts}
          bars={
            plan.targets
              ? [
                  { label: t.accounts.local, value: plan.local },
                  { label: t.accounts.unassigned, value: Math.max(0, linkedOut), tone: "disable" },
                  { label: t.accounts.assigned, value: linkedIn(), tone: "create" },
                ]
              : []
          }
        />
        <Bars
          title={t.chartFill}
          most={100}
          bars={seen.targets
            .filter(({ kind, filled, empty, failed }) => kind === "User" && filled + empty + failed > 0)
            .map(({ target, filled, empty, failed }) => {
              const percent = Math.round((filled / (filled + empty + failed)) * 100);
              return { label: short(target), value: percent, note: `${percent} %` };
            })}
        />
      </div>
    </section>
  );
}
