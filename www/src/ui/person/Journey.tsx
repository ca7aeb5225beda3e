// Five steps, named as Entra names them; the deciding fact of each is in bold.
import type { ComponentChildren } from "preact";
import { part } from "../../prefs";
import type { Person } from "../../state/person";
import { strings, told } from "../../strings";
import type { ScopeStep } from "../../types";
import { Coded } from "../Coded";
import { signs } from "../Plan";
import { Filters } from "./Filters";
import { Imported } from "./Imported";
import { Mapped } from "./Mapped";

type State = "yes" | "no" | "open" | "warn";
const MARKS: Record<State, string> = { yes: "✓", no: "×", open: "·", warn: "!" };

function Step({
  number,
  name,
  about,
  state,
  open,
  children,
}: {
  number: number;
  name: string;
  about: string;
  state: State;
  open: boolean;
  children: ComponentChildren;
}) {
  return (
    <li class={state}>
      <details open={open}>
        <summary>
          <i aria-hidden="true">{MARKS[state]}</i>
          <h3>
            <span class="hidden">{number}. </span>
            {name}
          </h3>
          <small>{about}</small>
        </summary>
        <div class="inside">{children}</div>
      </details>
    </li>
  );
}

function ScopeTable({ steps }: { steps: ScopeStep[] }) {
  const t = strings();
  const deciding = steps.findIndex(({ passed }) => !passed);
  return (
    <table class="scope-steps">
      <tbody>
        {steps.map((step, at) => {
          const late = deciding >= 0 && at > deciding;
          return (
            <tr key={step.name} class={at === deciding ? "deciding" : late ? "late" : ""}>
              <th scope="row">{told(step.name)}</th>
              <td class={step.passed ? "pass" : "fail"}>
                <i aria-hidden="true">{step.passed ? "✓" : "×"}</i> {step.passed ? t.true_ : t.false_}
              </td>
              <td dir="auto">
                {late ? `${t.notAsked} · ` : ""}
                <Coded text={step.detail} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function Journey({ open }: { open: Person }) {
  const t = strings();
  const { operation, inside } = open;
  const deciding = operation.scope.find(({ passed }) => !passed);
  const query = operation.requests.filter(({ method }) => method === "GET");
  const values = inside.outcomes.filter(({ state }) => state === "value").length;
  const errors = inside.outcomes.filter(({ state }) => state === "error").length;
  const writes = operation.requests.filter(({ method }) => method !== "GET");
  const known = inside.attributes.filter(({ values }) => values.length > 0).length;
  const failed = operation.status === "failure";
  return (
    <ol class="journey">
      <Step
        number={1}
        name={t.import}
        about={t.importText(known, inside.attributes.length)}
        state="yes"
        open={false}
      >
        <Imported open={open} />
      </Step>
      <Step
        number={2}
        name={t.determineScope}
        about={deciding ? told(deciding.name) : t.inScope}
        state={deciding ? "no" : "yes"}
        open
      >
        <ScopeTable steps={operation.scope} />
        {inside.filters.length > 0 && <Filters filters={inside.filters} />}
        {deciding && deciding === operation.scope.at(-1) && (
          <button type="button" class="link" onClick={() => (part.value = "scope")}>
            {t.scopingFilters}
          </button>
        )}
      </Step>
      <Step
        number={3}
        name={t.matchStep}
        about={operation.target ? operation.target.displayName : t.noAccount}
        state={operation.target ? "yes" : /Duplicate|ImportSkipped/.test(operation.reason) ? "no" : "open"}
        open={/Duplicate|ImportSkipped/.test(operation.reason)}
      >
        {operation.target ? (
          <p>
            <span dir="auto">{operation.target.displayName}</span> <code>{operation.target.id}</code>
          </p>
        ) : (
          <p>
            {/Duplicate|ImportSkipped/.test(operation.reason) ? (
              <Coded text={operation.explanation} />
            ) : (
              t.noAccount
            )}
          </p>
        )}
        {query.map(({ id, path }) => (
          <pre key={id}>GET {decodeURIComponent(path.replaceAll("+", " "))}</pre>
        ))}
      </Step>
      <Step
        number={4}
        name={t.mapStep}
        about={t.mapped(values, operation.changes.length, errors + operation.problems.length)}
        state={operation.problems.length || errors ? "warn" : deciding ? "open" : "yes"}
        open={operation.problems.length > 0}
      >
        {operation.problems.map(({ target, code, message }) => (
          <p class="finding warning" key={target + code}>
            <b>{target}</b> <Coded text={message} /> <code>{code}</code>
          </p>
        ))}
        <Mapped open={open} />
      </Step>
      <Step
        number={5}
        name={t.actionStep}
        about={t.actions[operation.verdict]}
        state={failed ? "no" : "yes"}
        open
      >
        <p>
          <b class={`verdict ${operation.verdict}`}>
            <i aria-hidden="true">{signs.get(operation.verdict)}</i> {t.actions[operation.verdict]}
          </b>{" "}
          · <Coded text={operation.explanation} /> {operation.reason && <code>{operation.reason}</code>}
        </p>
        {writes.map(({ id, method, path }) => (
          <p key={id}>
            <b class={method}>{method}</b> <code>{path}</code>
          </p>
        ))}
      </Step>
    </ol>
  );
}
