// The whole page: what is dropped or pasted anywhere is taken, keys work everywhere.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { guide } from "../prefs";
import { copy } from "../save";
import { document_ } from "../state/document";
import { pasted, take } from "../state/files";
import { fault, fileStates, hasPeople, schemaError, summary } from "../state/plan";
import { strings, told } from "../strings";
import { Header } from "./Header";
import { Help } from "./Help";
import { keys } from "./keys";
import { lazy } from "./lazy";
import { Offer, offer } from "./Offer";
import { Panes } from "./Panes";
import { Plan, Unplanned } from "./Plan";
import { Update } from "./Update";
import { Welcome } from "./Welcome";

const Guide = lazy(() => import("./Guide").then(({ Guide }) => Guide));

const writing = (event: Event) => {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
};

/** What is wrong with files and configuration, each with what to do about it. */
function Faults() {
  const t = strings();
  return (
    <>
      {document_.value.files.map(({ name }, at) => {
        const error = fileStates.value[at]?.error;
        return error ? (
          <p class="banner error" role="alert" key={name}>
            <span>
              <b>{t.fileError(name)}</b>
              {told(error.message)}
              {error.line ? t.line(error.line) : ""}
              {error.help ? `; ${told(error.help)}` : ""}
            </span>
          </p>
        ) : null;
      })}
      {schemaError.value && (
        <p class="banner error" role="alert">
          <span>
            <b>{t.schemaWrong}</b>
            {told(schemaError.value.message)}
            {schemaError.value.line ? t.line(schemaError.value.line) : ""}
            {schemaError.value.help ? `; ${told(schemaError.value.help)}` : ""}
          </span>
        </p>
      )}
      {fault.value && (
        <p class="banner error" role="alert">
          <span>{told(fault.value)}</span>
          <button type="button" class="button" onClick={() => void copy(told(fault.value ?? ""))}>
            {t.copyDetails}
          </button>
          <button type="button" class="button" onClick={() => (fault.value = null)}>
            {t.dismiss}
          </button>
        </p>
      )}
    </>
  );
}

export function App() {
  const t = strings();
  const over = useSignal(false);
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text/plain");
      if (!writing(event) && text?.trim()) void pasted(text);
    };
    const press = (event: KeyboardEvent) => keys(event, writing(event));
    addEventListener("paste", paste);
    addEventListener("keydown", press);
    return () => {
      removeEventListener("paste", paste);
      removeEventListener("keydown", press);
    };
  }, []);
  const started =
    document_.value.files.length > 0 || document_.value.generated > 0 || document_.value.schemaName !== "";
  return (
    <div
      class={over.value ? "page over" : "page"}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={(event) => {
        if (!event.relatedTarget) over.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        if (event.dataTransfer) void take(event.dataTransfer.files);
      }}
    >
      <nav class="skips" aria-label={t.views}>
        <a href="#plan">{t.skipPlan}</a>
        <a href="#people-view">{t.skipPeople}</a>
        <a href="#person-view">{t.skipPerson}</a>
      </nav>
      <Header />
      <Faults />
      {offer.value && <Offer />}
      <Update />
      {started ? (
        <main class="work">
          <h1 class="hidden">{t.plan}</h1>
          {summary.value && <Plan plan={summary.value} />}
          {!summary.value && hasPeople.value && <Unplanned />}
          <Panes />
        </main>
      ) : (
        <Welcome />
      )}
      {guide.value !== null && <Guide />}
      <Help />
    </div>
  );
}
