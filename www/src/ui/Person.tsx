// One person: the journey in Entra's steps, the result, the changes, the requests.
import { useSignal } from "@preact/signals";
import { close, operation } from "../state";
import type { Operation } from "../types";

const TABS = ["Journey", "Result", "Changes", "Requests"] as const;
type Tab = (typeof TABS)[number];

const value = (of: unknown) =>
  of === null || of === undefined ? "—" : typeof of === "string" ? of : JSON.stringify(of);

function Step({
  name,
  state,
  children,
}: {
  name: string;
  state: "yes" | "no" | "open";
  children: preact.ComponentChildren;
}) {
  return (
    <li class={state}>
      <h3>
        <i aria-hidden="true">{state === "yes" ? "✓" : state === "no" ? "×" : "·"}</i> {name}
      </h3>
      {children}
    </li>
  );
}

function Journey({ shown }: { shown: Operation }) {
  const passed = shown.scope.every((step) => step.passed);
  const deciding = shown.scope.find((step) => !step.passed);
  return (
    <ol class="journey">
      <Step name="Import" state="yes">
        <p>
          {shown.source.displayName} <code>{shown.source.id}</code>
        </p>
      </Step>
      <Step name="Determine if in scope" state={passed ? "yes" : "no"}>
        <table>
          <tbody>
            {shown.scope.map((step) => (
              <tr key={step.name} class={step === deciding ? "deciding" : ""}>
                <th scope="row">{step.name}</th>
                <td>{step.passed ? "True" : "False"}</td>
                <td>{step.detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Step>
      <Step name="Match between source and target" state={shown.target ? "yes" : "open"}>
        <p>
          {shown.target ? (
            <>
              {shown.target.displayName || "account"} <code>{shown.target.id}</code>
            </>
          ) : (
            "No account is linked"
          )}
        </p>
      </Step>
      <Step name="Perform action" state={shown.status === "failure" ? "no" : "yes"}>
        <p>
          <b>{shown.verdict}</b>
          {shown.reason && <code> {shown.reason}</code>} · {shown.explanation}
        </p>
        {shown.problems.map((problem) => (
          <p class="note" key={problem.target + problem.code}>
            {problem.target} {problem.message}
          </p>
        ))}
      </Step>
    </ol>
  );
}

function Changes({ shown }: { shown: Operation }) {
  if (!shown.changes.length) return <p class="empty">No attribute changes.</p>;
  return (
    <table class="changes">
      <thead>
        <tr>
          <th scope="col">Attribute</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {shown.changes.map((change) => (
          <tr key={change.target}>
            <th scope="row">
              {change.target} <small>{change.mapping}</small>
            </th>
            <td class="old">{value(change.old)}</td>
            <td class="new">{value(change.new)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Requests({ shown }: { shown: Operation }) {
  if (!shown.requests.length) return <p class="empty">No request is sent.</p>;
  return (
    <ol class="requests">
      {shown.requests.map((request) => (
        <li key={request.id}>
          <p>
            <b class={request.method}>{request.method}</b> <code>{request.path}</code>
          </p>
          {request.body !== null && <pre>{JSON.stringify(request.body, null, 2)}</pre>}
        </li>
      ))}
    </ol>
  );
}

export function Person() {
  const tab = useSignal<Tab>("Journey");
  const shown = operation.value;
  return (
    <section class="pane person" aria-labelledby="person">
      <div class="head">
        <h2 id="person">{shown ? shown.source.displayName : "Person"}</h2>
        {shown && (
          <button type="button" class="button" onClick={close}>
            Close
          </button>
        )}
      </div>
      {shown ? (
        <>
          <div class="tabs" role="tablist" aria-label="Details">
            {TABS.map((name) => (
              <button
                type="button"
                key={name}
                role="tab"
                id={`tab-${name}`}
                aria-selected={tab.value === name}
                aria-controls="detail"
                onClick={() => (tab.value = name)}
              >
                {name}
                {name === "Changes" && shown.changes.length > 0 && <small> {shown.changes.length}</small>}
              </button>
            ))}
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling panel is reached by keyboard */}
          <div id="detail" class="scroll" role="tabpanel" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
            {tab.value === "Journey" && <Journey shown={shown} />}
            {tab.value === "Result" && <pre>{JSON.stringify(shown.result, null, 2)}</pre>}
            {tab.value === "Changes" && <Changes shown={shown} />}
            {tab.value === "Requests" && <Requests shown={shown} />}
          </div>
        </>
      ) : (
        <p class="empty">Choose somebody to see what would happen, and why.</p>
      )}
    </section>
  );
}
