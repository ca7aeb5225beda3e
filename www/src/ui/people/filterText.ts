// The filter in words.
import { filter, survey } from "../../state/plan";
import { strings, told } from "../../strings";

export function describeFilter(): string {
  const t = strings();
  const { action, behind } = filter.value;
  if (action) return t.actions[action];
  if (!behind) return "";
  const [what = "", which = ""] = [behind.split(":")[0], behind.slice(behind.indexOf(":") + 1)];
  switch (what) {
    case "edited":
      return t.behind.edited;
    case "changed":
      return t.behind.changed(which.slice(which.indexOf("/") + 1));
    case "problem":
      return t.behind.problem(which);
    case "scope":
      return t.behind.scope(told(survey.value?.funnel[Number(which)]?.name ?? ""));
    default:
      return t.behind.reason(which);
  }
}
