import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { example } from "../example";
import { add, busy, diagnostics, fault, files, forget, hasPeople, mappings, open, summary } from "../state";
import { Configuration } from "./Configuration";
import { People } from "./People";
import { Person } from "./Person";
import { PlanBar } from "./PlanBar";

async function take(list: Iterable<File>): Promise<void> {
  const read = Array.from(list, async (file) => ({
    name: file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }));
  await add(await Promise.all(read));
}

function Choose({ label, primary = false }: { label: string; primary?: boolean }) {
  return (
    <label class={primary ? "button primary" : "button"}>
      {label}
      <input
        type="file"
        multiple
        class="hidden"
        aria-label={label}
        onChange={(event) => {
          const input = event.currentTarget;
          if (input.files) void take(input.files).then(() => (input.value = ""));
        }}
      />
    </label>
  );
}

function Chips() {
  return (
    <ul class="chips" aria-label="Files">
      {files.value.map((file) => (
        <li class={file.error ? "chip error" : "chip"} key={file.name}>
          <span>{file.name}</span>
          <small>
            {file.error
              ? "not read"
              : file.report
                ? `${file.report.rows.toLocaleString("en")} ${file.report.kind}`
                : "configuration"}
          </small>
        </li>
      ))}
    </ul>
  );
}

function FileErrors() {
  return (
    <>
      {files.value
        .filter((file) => file.error)
        .map(({ name, error }) => (
          <p class="banner error" role="alert" key={name}>
            <strong>{name}</strong> could not be read: {error?.message}
            {error?.line ? ` (line ${error.line})` : ""}.{error?.help ? ` Help: ${error.help}.` : ""}
          </p>
        ))}
    </>
  );
}

function Welcome() {
  const text = useSignal("");
  return (
    <main class="welcome">
      <img src="/icon.svg" alt="" width="56" height="56" />
      <h1>See what provisioning would do, before it does it</h1>
      <p class="lead">
        Drop your users here and see who would be created, updated, disabled or left alone, why, and the exact
        requests.
      </p>
      <div class="actions">
        <button type="button" class="button primary" onClick={() => void example().then(add)}>
          Try the Clarizen One example
        </button>
        <Choose label="Choose files" />
      </div>
      <ol class="steps">
        <li>
          <b>People</b> the portal’s users CSV, or Graph JSON of users, groups and assignments
        </li>
        <li>
          <b>Mappings</b> the provisioning schema’s JSON; without one, the Clarizen One profile
        </li>
        <li>
          <b>Target</b> what the app holds now, as a SCIM list
        </li>
      </ol>
      <details>
        <summary>Paste instead</summary>
        <label for="paste">CSV, Graph JSON or a SCIM list</label>
        <textarea
          id="paste"
          rows={6}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button
          type="button"
          class="button"
          disabled={!text.value.trim()}
          onClick={() => void add([{ name: "pasted", bytes: new TextEncoder().encode(text.value) }])}
        >
          Read the pasted text
        </button>
      </details>
      <p class="privacy">Your files stay in this browser. This page sends nothing.</p>
    </main>
  );
}

export function App() {
  const over = useSignal(false);
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      const text = event.clipboardData?.getData("text/plain");
      if (!inField && text?.trim()) void add([{ name: "pasted", bytes: new TextEncoder().encode(text) }]);
    };
    const key = (event: KeyboardEvent) => {
      const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== "/" || inField || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      document.getElementById("search")?.focus();
    };
    addEventListener("paste", paste);
    addEventListener("keydown", key);
    return () => {
      removeEventListener("paste", paste);
      removeEventListener("keydown", key);
    };
  }, []);
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
      <header>
        <a class="brand" href="/">
          <img src="/icon.svg" alt="" width="24" height="24" /> Provisor <span>mapping previewer</span>
        </a>
        <Chips />
        {files.value.length > 0 && (
          <div class="actions">
            <Choose label="Add files" />
            <button type="button" class="button" onClick={() => void forget()}>
              Forget everything
            </button>
          </div>
        )}
      </header>
      <FileErrors />
      {fault.value && (
        <p class="banner error" role="alert">
          {fault.value}
        </p>
      )}
      {busy.value && <progress class="busy" aria-label="Working" />}
      {hasPeople.value && summary.value ? (
        <main class="work">
          <h1 class="hidden">Plan</h1>
          <PlanBar summary={summary.value} />
          <div class={open.value === null ? "panes" : "panes opened"}>
            <Configuration mappings={mappings.value} diagnostics={diagnostics.value} />
            <People />
            <Person />
          </div>
        </main>
      ) : (
        <Welcome />
      )}
    </div>
  );
}
