// A mapping's source: a plain field until it is entered, then the expression editor, which
// is loaded at that moment. Typing plans at once; what does not parse waits as a draft.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Editor } from "../../editor/expression";
import { announce } from "../../state/announce";
import { draft, drafts, seal, typeSource } from "../../state/edit";
import { attributes } from "../../state/plan";
import type { Mapping } from "../../state/schema";
import { strings, told } from "../../strings";
import { Coded } from "../Coded";
import { lazy } from "../lazy";

const Trace = lazy(() => import("../Trace").then(({ Trace }) => Trace));

export function SourceField({ mapping, describedBy }: { mapping: Mapping; describedBy: string }) {
  const t = strings();
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const latest = useRef(mapping);
  latest.current = mapping;
  const editing = useSignal(false);
  const cursor = useSignal<number | null>(null);
  const wrong = useSignal("");
  const text = drafts.value.get(mapping.key) ?? mapping.source;
  const id = `source-${mapping.key}`;

  // Whoever goes elsewhere before the editor is there is not called back.
  useLayoutEffect(() => {
    if (editing.value) host.current?.focus({ preventScroll: true });
  }, [editing.value]);
  useEffect(() => {
    if (!editing.value) return;
    let gone = false;
    void import("../../editor/expression").then(({ mount }) => {
      if (gone || !host.current) return;
      editor.current = mount(host.current, {
        text: drafts.peek().get(latest.current.key) ?? latest.current.source,
        label: strings().sourceFor(latest.current.target),
        describedBy: `${id}-draft`,
        placeholder: strings().notMapped,
        attributes: () => attributes.peek()[latest.current.kind],
        onInput: (typed) => void typeSource(latest.current, typed),
        onLeave: seal,
        onJudged: (message) => (wrong.value = message),
        onCursor: (place) => (cursor.value = place),
      });
      if (document.activeElement === host.current) editor.current.focus();
      // What is said about it stands below it.
      setTimeout(() => host.current?.closest("li")?.scrollIntoView({ block: "nearest" }), 200);
    });
    return () => {
      gone = true;
      editor.current?.destroy();
      editor.current = null;
    };
  }, [editing.value, id, cursor, wrong]);
  const aloud = drafts.value.has(mapping.key) ? told(wrong.value) || t.stale : "";
  useEffect(() => {
    if (aloud) announce(aloud);
  }, [aloud]);
  // Undo and other ways of changing the mapping show in the editor too.
  useEffect(() => editor.current?.write(text), [text]);

  return (
    <div class="source">
      {editing.value ? (
        <div ref={host} class="editor" tabIndex={-1} />
      ) : (
        <button
          type="button"
          id={id}
          class={`code field${text ? "" : " placeholder"}`}
          aria-label={`${t.sourceFor(mapping.target)}: ${text || t.notMapped}`}
          aria-describedby={describedBy || undefined}
          onClick={() => (editing.value = true)}
        >
          {text || t.notMapped}
        </button>
      )}
      {drafts.value.has(mapping.key) && (
        <p id={`${id}-draft`} class="finding error">
          {editing.value && wrong.value && (
            <b class="wrong-why">
              <Coded text={wrong.value} />
            </b>
          )}
          {t.stale}{" "}
          <button
            type="button"
            class="fix"
            onClick={() => {
              draft(mapping.key, null);
              editor.current?.write(mapping.source, true);
            }}
          >
            {t.discard}
          </button>
        </p>
      )}
      {editing.value && (
        <Trace
          kind={mapping.kind}
          text={text}
          cursor={cursor.value}
          onPoint={(span) => editor.current?.mark(span)}
          onClose={() => (editing.value = false)}
        />
      )}
    </div>
  );
}
