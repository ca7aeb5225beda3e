// The expression editor: CodeMirror paints, the engine judges. Loaded when a mapping's
// source is first edited. It lives in a shadow root, where its styles need no exception
// from the page's policy.
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, forceLinting, linter } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  hoverTooltip,
  keymap,
  placeholder,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { call, hear, unlessStopped } from "../engine";
import { told } from "../strings";
import type { FunctionHelp, Span } from "../types";

export interface Options {
  text: string;
  label: string;
  describedBy: string;
  placeholder: string;
  /** The source attributes; none when no source is loaded. */
  attributes: () => string[];
  onInput: (text: string) => void;
  /** The editor was left. */
  onLeave: () => void;
  /** What is wrong with the text as it stands; empty when nothing is. */
  onJudged: (wrong: string) => void;
  /** The place of the cursor, for the trace. */
  onCursor: (place: number) => void;
}

export interface Editor {
  /** Puts another text there, unless somebody is typing or it is there already. */
  write(text: string, always?: boolean): void;
  /** Marks a part of the expression. */
  mark(span: Span | null): void;
  focus(): void;
  destroy(): void;
}

/** Enough of the language to colour it; what is right is the engine's to say. */
const language = StreamLanguage.define<{ quoted: boolean }>({
  startState: () => ({ quoted: false }),
  token(stream) {
    if (stream.match(/"(?:[^"\\]|\\.)*"?/)) return "string";
    if (stream.match(/\[[^\]]*\]?/)) return "propertyName";
    if (stream.match(/[A-Za-z_]\w*(?=\s*\()/)) return "keyword";
    if (stream.match(/-?\d+|&[hH][0-9a-fA-F]+/)) return "number";
    if (stream.match(/[(),]/)) return "punctuation";
    stream.next();
    return null;
  },
});

const colours = HighlightStyle.define([
  { tag: tags.string, color: "var(--code-text)" },
  { tag: tags.propertyName, color: "var(--code-attribute)" },
  { tag: tags.keyword, color: "var(--code-function)", fontWeight: "600" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: tags.punctuation, color: "var(--quiet)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "12.5px", color: "var(--text)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": {
    fontFamily: "var(--mono)",
    padding: "6px 0",
    caretColor: "var(--text)",
    lineHeight: "1.5",
  },
  ".cm-line": { padding: "0 8px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selected) !important",
  },
  ".cm-placeholder": { color: "var(--quiet)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selected)" },
  ".cm-marked": { backgroundColor: "var(--marked)", borderRadius: "2px" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    boxShadow: "var(--shadow)",
    fontFamily: "var(--sans)",
    fontSize: "13px",
    maxWidth: "min(420px, 90vw)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--mono)",
    fontSize: "12.5px",
    maxHeight: "14em",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--brand)",
    color: "var(--on-brand)",
  },
  ".cm-completionDetail": { color: "inherit", opacity: "0.8", fontStyle: "normal" },
  ".cm-completionInfo, .cm-help": { padding: "8px 10px" },
  ".cm-help b": { fontFamily: "var(--mono)", fontSize: "12.5px", display: "block" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeft: "4px solid var(--red)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--amber)" },
  ".cm-diagnosticAction": {
    backgroundColor: "var(--brand)",
    color: "var(--on-brand)",
    borderRadius: "4px",
    padding: "3px 8px",
    fontSize: "12.5px",
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--red) 1.5px",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--amber) 1.5px",
    textUnderlineOffset: "3px",
  },
});

const setMark = StateEffect.define<Span | null>();
const marks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    let next = shown.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setMark)) continue;
      const span = effect.value;
      const end = Math.min(span?.end ?? 0, transaction.newDoc.length);
      next =
        span && span.start < end
          ? Decoration.set([Decoration.mark({ class: "cm-marked" }).range(span.start, end)])
          : Decoration.none;
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

let catalogue: Promise<FunctionHelp[]> | undefined;
const functions = () => {
  catalogue ??= call("catalogue").catch((error: unknown) => {
    catalogue = undefined;
    throw error;
  });
  return unlessStopped(catalogue, []);
};

function helpFor(help: FunctionHelp): HTMLElement {
  const box = document.createElement("div");
  box.className = "cm-help";
  const usage = document.createElement("b");
  usage.textContent = help.usage;
  box.append(usage, told(help.about));
  return box;
}

async function judge(view: EditorView, options: Options): Promise<Diagnostic[]> {
  const text = view.state.doc.toString();
  const attributes = options.attributes();
  const found = await unlessStopped(call("check", text, attributes), []);
  const worst = found.find(({ severity }) => severity === "error");
  options.onJudged(worst ? `${worst.message}${worst.help ? `; ${worst.help}` : ""}` : "");
  return found.map(({ severity, message, help, span, fixes }) => ({
    from: Math.min(span.start, text.length),
    to: Math.min(span.end, text.length),
    severity,
    message: told(help ? `${message}; ${help}` : message),
    actions: fixes.map((fix) => ({
      name: told(fix.label).replaceAll("`", ""),
      apply: (target: EditorView) =>
        target.dispatch({ changes: { from: fix.span.start, to: fix.span.end, insert: fix.insert } }),
    })),
  }));
}

async function completions(context: CompletionContext, attributes: string[]) {
  const typed = context.matchBefore(/[\w[]+/);
  if (!typed && !context.explicit) return null;
  const asked = call("complete", context.state.doc.toString(), context.pos, attributes);
  const found = await unlessStopped(asked, null);
  if (!found) return null;
  return {
    from: found.from,
    to: found.to,
    filter: false,
    options: found.options.map((option) => ({
      label: option.label,
      type: option.kind,
      apply: option.insert,
      ...(option.usage ? { detail: option.usage.slice(option.label.length) } : {}),
      ...(option.about ? { info: told(option.about) } : {}),
    })),
  };
}

export function mount(host: HTMLElement, options: Options): Editor {
  const shadow = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const place = document.createElement("div");
  shadow.replaceChildren(place);
  let writing = false;
  const view = new EditorView({
    parent: place,
    root: shadow,
    // The engine works on it while it is drawn.
    dispatchTransactions(transactions, target) {
      const last = transactions.at(-1);
      if (last && !writing && transactions.some(({ docChanged }) => docChanged))
        options.onInput(last.newDoc.toString());
      target.update(transactions);
      hear();
    },
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        language,
        syntaxHighlighting(colours),
        bracketMatching(),
        marks,
        look,
        EditorView.lineWrapping,
        placeholder(options.placeholder),
        EditorView.contentAttributes.of({
          "aria-label": options.label,
          "aria-describedby": options.describedBy,
          spellcheck: "false",
          autocapitalize: "off",
        }),
        // Entra's expressions are one line.
        EditorState.transactionFilter.of((transaction) =>
          transaction.docChanged && transaction.newDoc.lines > 1
            ? [transaction, { changes: joinLines(transaction.newDoc.toString()), sequential: true }]
            : transaction,
        ),
        autocompletion({
          override: [(context) => completions(context, options.attributes())],
          icons: false,
          activateOnTyping: true,
          interactionDelay: 0,
        }),
        linter((target) => judge(target, options), { delay: 60 }),
        hoverTooltip(async (target, at) => {
          const word = target.state.wordAt(at);
          if (!word) return null;
          const name = target.state.sliceDoc(word.from, word.to);
          const help = (await functions()).find((known) => known.name === name);
          return help ? { pos: word.from, end: word.to, create: () => ({ dom: helpFor(help) }) } : null;
        }),
        // The editor itself puts the text there: over a selection the browser would keep the
        // selected text's looks as an inline style, which the page's policy forbids, and what
        // the browser has put there the editor would have to find out.
        EditorView.domEventHandlers({
          beforeinput(event, target) {
            const { data, inputType, isComposing } = event;
            if (inputType !== "insertText" || !data || isComposing) return false;
            target.dispatch(target.state.replaceSelection(data), { userEvent: "input.type" });
            event.preventDefault();
            return true;
          },
        }),
        // Tab leaves the field, unless a completion is open.
        keymap.of([
          { key: "Tab", run: acceptCompletion },
          ...completionKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.selectionSet || update.docChanged) options.onCursor(update.state.selection.main.head);
          if (update.focusChanged && !update.view.hasFocus) options.onLeave();
        }),
      ],
    }),
  });
  return {
    write(text, always = false) {
      if (view.hasFocus && !always) return;
      if (view.state.doc.toString() === text) return;
      writing = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      writing = false;
      forceLinting(view);
    },
    mark: (span) => view.dispatch({ effects: setMark.of(span) }),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

/** Line breaks as single spaces. */
function joinLines(text: string): { from: number; to: number; insert: string }[] {
  return [...text.matchAll(/\s*\n\s*/g)].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
    insert: " ",
  }));
}
