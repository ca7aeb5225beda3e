// Every action, mapping and person by name: a field with a list, as the ARIA practices have a
// combobox. Loaded when it is first asked for.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call } from "../engine";
import { narrow, type Part, part, singleKeys, type Theme, tab, theme, type View, view } from "../prefs";
import { canRedo, canUndo, document_, mappingList, redo, undo } from "../state/document";
import { forgetEverything, generate } from "../state/files";
import { chosen, open } from "../state/person";
import { hasPeople, only, showAll, summary } from "../state/plan";
import { type Language, languages, speak, strings } from "../strings";
import { paletteOpen, typedAhead } from "./asked";
import { EXPORTS, write, writeSchema } from "./Exports";
import { helpOpen } from "./Help";
import { ACTIONS } from "./Plan";
import { TABS } from "./person/Person";
import { startExample } from "./start";
import { short } from "./value";

interface Entry {
  /** What kind of thing it is. */
  group: string;
  word: string;
  /** Shown behind the word. */
  more?: string;
  act: () => unknown;
}

/** Entries of one group that are listed. */
const MOST = 8;

const VIEWS: View[] = ["people", "insights", "signOn", "replay", "compare"];
const PARTS: Part[] = ["mappings", "scope", "settings", "schema"];

/** Focuses or opens what the header has under this name. */
function press(name: string): void {
  const summary = [...document.querySelectorAll<HTMLElement>("header .menu > summary")];
  const found = summary.find((each) => each.getAttribute("aria-label") === name);
  found?.focus();
  found?.click();
}

function actions(): Entry[] {
  const t = strings();
  const group = t.paletteActions;
  const entry = (word: string, act: () => unknown, more?: string): Entry => ({
    group,
    word,
    act,
    ...(more ? { more } : {}),
  });
  /** Leads to what a signal chooses, in the pane that shows it. */
  const goTo = <T extends keyof typeof t>(
    ids: readonly T[],
    to: { value: T },
    pane: typeof narrow.value,
    more: string,
  ) =>
    ids.map((id) =>
      entry(
        String(t[id]),
        () => {
          to.value = id;
          narrow.value = pane;
        },
        more,
      ),
    );
  const started = document_.value.files.length > 0 || document_.value.generated > 0;
  const list: (Entry | false)[] = [
    canUndo.value !== null && entry(t.undoWhat(canUndo.value), undo),
    canRedo.value !== null && entry(t.redoWhat(canRedo.value), redo),
    ...(hasPeople.value
      ? [
          ...goTo(VIEWS, view, "people", t.views),
          ...goTo(["run"] as const, view, "people", t.runTitle),
          entry(t.showAll, showAll),
          ...ACTIONS.map(({ action }) =>
            entry(
              `${t.showOnly}: ${t.actions[action]}`,
              () => only(action),
              t.number(summary.value?.[action] ?? 0),
            ),
          ),
          ...EXPORTS.map(([kind, word]) => entry(`${t.exportMenu}: ${t[word]}`, () => write(kind))),
          ...goTo(TABS, tab, "person", t.person),
        ]
      : []),
    ...goTo(PARTS, part, "configuration", t.configuration),
    (started || document_.value.schemaName !== "") &&
      entry(`${t.exportMenu}: ${t.exportSchema}`, writeSchema),
    (started || document_.value.schemaName !== "") && entry(t.addFiles, () => press(t.addFiles)),
    (started || document_.value.schemaName !== "") && entry(t.share, () => press(t.share)),
    entry(t.tryExample, startExample),
    entry(t.generate, () => generate(100_000)),
    ...(["system", "light", "dark"] as Theme[]).map((id) =>
      entry(`${t.theme}: ${{ system: t.themeSystem, light: t.themeLight, dark: t.themeDark }[id]}`, () => {
        theme.value = id;
      }),
    ),
    ...languages.map(([id, word]) => entry(`${t.languageLabel}: ${word}`, () => speak(id as Language))),
    entry(`${t.singleKeys}: ${singleKeys.value ? t.turnOff : t.turnOn}`, () => {
      singleKeys.value = !singleKeys.value;
    }),
    entry(t.help, () => {
      helpOpen.value = true;
    }),
    started && entry(t.forget, forgetEverything),
  ];
  return list.filter((one) => one !== false);
}

function mappings(): Entry[] {
  const t = strings();
  return mappingList.value.map(({ kind, target, source }) => ({
    group: kind === "User" ? t.userMappings : t.groupMappings,
    word: short(target),
    more: source,
    act: () => {
      part.value = "mappings";
      narrow.value = "configuration";
      chosen.value = `${kind}/${target}`;
    },
  }));
}

/** Each word of what is typed is somewhere in it. */
const fits = (typed: string) => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ word, more = "", group }: Entry) => {
    const text = `${word} ${more} ${group}`.toLowerCase();
    return words.every((part) => text.includes(part));
  };
};

export function Palette() {
  const t = strings();
  const box = useRef<HTMLDialogElement>(null);
  const typed = useSignal("");
  const at = useSignal(0);
  const people = useSignal<Entry[]>([]);
  useEffect(() => {
    box.current?.showModal();
    typed.value = typedAhead.value;
    typedAhead.value = "";
  }, [typed]);
  useEffect(() => {
    let current = true;
    const text = typed.value.trim();
    const look = async () => {
      const found = text && hasPeople.value ? await call("find", "", text, "", "name") : new Uint32Array();
      const rows = found.length ? await call("rows", found.slice(0, MOST)) : [];
      if (!current) return;
      people.value = rows.map((row, place) => ({
        group: strings().people,
        word: row.displayName || row.name || row.id,
        ...(row.displayName ? { more: row.name } : {}),
        act: () => {
          narrow.value = "person";
          return open(found[place] ?? 0);
        },
      }));
    };
    void look();
    return () => {
      current = false;
    };
  }, [typed.value, people]);
  const entries = useComputed(() => {
    const fit = fits(typed.value);
    const some = (list: Entry[]) => list.filter(fit).slice(0, typed.value ? MOST : 40);
    const named = typed.value ? some(mappings()) : [];
    return [...some(actions()), ...named, ...people.value];
  });
  const list = entries.value;
  const here = Math.min(at.value, list.length - 1);
  const close = () => box.current?.close();
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    void entry.act();
  };
  const move = (to: number) => {
    at.value = (to + list.length) % Math.max(1, list.length);
    document.getElementById(`palette-${at.value}`)?.scrollIntoView({ block: "nearest" });
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={box}
      class="palette"
      aria-label={t.palette}
      onClose={() => (paletteOpen.value = false)}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <input
        autoFocus
        type="text"
        role="combobox"
        aria-label={t.palette}
        aria-expanded="true"
        aria-controls="palette-list"
        aria-autocomplete="list"
        aria-activedescendant={list.length ? `palette-${here}` : undefined}
        placeholder={t.paletteHint}
        autocomplete="off"
        spellcheck={false}
        value={typed.value}
        onInput={(event) => {
          at.value = 0;
          typed.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          const to = { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: here + 8, PageUp: here - 8 }[
            event.key
          ];
          if (to !== undefined)
            move(event.key.startsWith("Page") ? Math.max(0, Math.min(list.length - 1, to)) : to);
          else if (event.key === "Enter") run(list[here]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette-list" role="listbox" aria-label={t.palette}>
        {list.map((entry, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys, as in every combobox
          <div
            key={`${entry.group}${entry.word}${entry.more ?? ""}${place}`}
            id={`palette-${place}`}
            role="option"
            tabIndex={-1}
            aria-selected={place === here}
            onClick={() => run(entry)}
            onMouseMove={() => (at.value = place)}
          >
            <span dir="auto">{entry.word}</span>
            {entry.more && <small dir="auto">{entry.more}</small>}
            <small class="group">{entry.group}</small>
          </div>
        ))}
      </div>
      <p class="hidden" role="status">
        {t.paletteFound(list.length)}
      </p>
      {list.length === 0 && <p class="note">{t.nobody}</p>}
    </dialog>
  );
}
