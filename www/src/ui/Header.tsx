// The bar on top: what is loaded, undo, what goes out, and how the page looks.
import { useSignal } from "@preact/signals";
import { keeping } from "../keep";
import { singleKeys, type Theme, theme } from "../prefs";
import { canRedo, canUndo, document_, redo, undo } from "../state/document";
import { forgetEverything, generate } from "../state/files";
import { hasPeople } from "../state/plan";
import { language, languages, speak, strings } from "../strings";
import { paletteOpen } from "./asked";
import { Chips } from "./Chips";
import { Choose } from "./Choose";
import { helpOpen } from "./Help";
import { setKeeping } from "./keeping";
import { lazy } from "./lazy";
import { Menu } from "./Menu";
import { Paste } from "./Paste";
import { Select } from "./Select";
import { startExample } from "./start";

const Share = lazy(() => import("./Share").then(({ Share }) => Share));
const Exports = lazy(() => import("./Exports").then(({ Exports }) => Exports));

function History() {
  const t = strings();
  return (
    <div class="pair">
      <button
        type="button"
        class="button icon"
        disabled={canUndo.value === null}
        aria-label={canUndo.value ? t.undoWhat(canUndo.value) : t.undo}
        title={canUndo.value ? t.undoWhat(canUndo.value) : t.undo}
        onClick={undo}
      >
        ↶
      </button>
      <button
        type="button"
        class="button icon"
        disabled={canRedo.value === null}
        aria-label={canRedo.value ? t.redoWhat(canRedo.value) : t.redo}
        title={canRedo.value ? t.redoWhat(canRedo.value) : t.redo}
        onClick={redo}
      >
        ↷
      </button>
    </div>
  );
}

function More() {
  const t = strings();
  const themes: [Theme, string][] = [
    ["system", t.themeSystem],
    ["light", t.themeLight],
    ["dark", t.themeDark],
  ];
  const opened = useSignal(false);
  return (
    <>
      <Select
        label={t.theme}
        value={theme.value}
        options={themes}
        onChange={(chosen) => {
          theme.value = chosen;
        }}
      />
      <label>
        {t.languageLabel}
        <select
          value={language.value}
          onChange={(event) => void speak(event.currentTarget.value as typeof language.value)}
        >
          {languages.map(([name, word]) => (
            <option key={name} value={name} lang={name}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={keeping.value}
          onChange={(event) => setKeeping(event.currentTarget.checked)}
          aria-describedby="keep-hint"
        />
        {t.keep}
      </label>
      <small id="keep-hint">{t.keepHint}</small>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => (singleKeys.value = event.currentTarget.checked)}
        />
        {t.singleKeys}
      </label>
      <hr />
      <button type="button" class="item" onClick={() => void startExample()}>
        {t.tryExample}
      </button>
      <button type="button" class="item" onClick={() => generate(100_000)}>
        {t.generate}
      </button>
      <button type="button" class="item" onClick={() => (helpOpen.value = true)}>
        {t.help}
      </button>
      <button
        type="button"
        class="item danger"
        onClick={() => {
          opened.value = false;
          void forgetEverything();
        }}
      >
        {t.forget}
      </button>
    </>
  );
}

export function Header() {
  const t = strings();
  const { files, generated, schemaName } = document_.value;
  const some = files.length > 0 || generated > 0 || schemaName !== "";
  return (
    <header>
      <a class="brand" href="/">
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="24" height="24" /> Provisor{" "}
        <span>{t.product}</span>
      </a>
      <Chips />
      <div class="tools">
        {some && (
          <Menu label={t.addFiles} icon="+">
            <Choose label={t.chooseFiles} />
            <Paste />
          </Menu>
        )}
        {(some || canUndo.value !== null || canRedo.value !== null) && <History />}
        {some && (
          <Menu label={t.share} icon="⇪">
            <Share />
          </Menu>
        )}
        {hasPeople.value && (
          <Menu label={t.exportMenu} icon="⤓">
            <Exports />
          </Menu>
        )}
        <button
          type="button"
          class="button icon"
          aria-label={t.palette}
          aria-keyshortcuts="Control+K Meta+K"
          title={`${t.palette} (Ctrl+K)`}
          onClick={() => (paletteOpen.value = true)}
        >
          ⌘
        </button>
        <Menu label={t.more} icon="⋯">
          <More />
        </Menu>
      </div>
    </header>
  );
}
