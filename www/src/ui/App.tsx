// The whole page: what is dropped or pasted anywhere is taken, keys work everywhere.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { guide } from "../prefs";
import { announced } from "../state/announce";
import { document_ } from "../state/document";
import { pasted, take } from "../state/files";
import { columns, fault, fileStates, schemaError } from "../state/plan";
import { strings } from "../strings";
import { paletteOpen } from "./asked";
import { Header } from "./Header";
import { Help } from "./Help";
import { keys } from "./keys";
import { lazy } from "./lazy";
import { Offer, offer, tooLong } from "./Offer";
import { Update } from "./Update";
import { Welcome } from "./Welcome";

const work = () => import("./Work").then(({ Work }) => Work);
const Work = lazy(work);
const Palette = lazy(() => import("./Palette").then(({ Palette }) => Palette));
const Faults = lazy(() => import("./Faults").then(({ Faults }) => Faults));
const Columns = lazy(() => import("./Columns").then(({ Columns }) => Columns));
const Guide = lazy(() => import("./Guide").then(({ Guide }) => Guide));

const writing = (event: Event) => {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
      // The expression editor, which is still on its way.
      target.classList.contains("editor"))
  );
};

export function App() {
  const t = strings();
  const over = useSignal(false);
  useEffect(() => {
    // Who reads the first page has what comes next by then.
    void work();
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
      {(fault.value || schemaError.value || fileStates.value.some(({ error }) => error)) && <Faults />}
      {(columns.value.unused.length > 0 || Object.keys(document_.value.columns).length > 0) && <Columns />}
      {(offer.value || tooLong.value) && <Offer />}
      <Update />
      {started ? <Work /> : <Welcome />}
      {guide.value !== null && <Guide />}
      <p id="announced" class="hidden" role="status">
        {announced.value}
      </p>
      <Help />
      {paletteOpen.value && <Palette />}
    </div>
  );
}
