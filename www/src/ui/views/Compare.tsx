// This configuration beside another one: for whom they come out differently.
import { useSignal } from "@preact/signals";
import { call } from "../../engine";
import { readConfiguration } from "../../share";
import { document_, populationOf } from "../../state/document";
import { textOf } from "../../state/files";
import { open } from "../../state/person";
import { settingsFor } from "../../state/plan";
import { strings, told } from "../../strings";
import type { Comparison } from "../../types";
import { Choose } from "../Choose";

export function Compare() {
  const t = strings();
  const seen = useSignal<Comparison | null>(null);
  const wrong = useSignal("");
  const choose = async (files: Iterable<File>) => {
    const [file] = [...files];
    if (!file) return;
    const text = textOf(new Uint8Array(await file.arrayBuffer()));
    const saved = readConfiguration(text);
    const schema = saved?.schema ?? (text.includes('"synchronizationRules"') ? text : "");
    wrong.value = schema ? "" : `${file.name}: ${t.configurationUnreadable}`;
    if (!schema) return;
    const settings = { ...settingsFor(document_.value), ...saved?.settings };
    const answer = await call("compare", populationOf(document_.value), schema, settings);
    if (!answer) return;
    if ("ok" in answer) seen.value = answer.ok;
    else wrong.value = answer.error.message;
  };
  const result = seen.value;
  return (
    <section class="scroll view" tabIndex={0} aria-label={t.compare}>
      <p class="note">{t.compareText}</p>
      <div class="actions">
        <Choose label={t.compareChoose} onFiles={choose} />
      </div>
      {wrong.value && (
        <p class="finding error" role="alert">
          {told(wrong.value)}
        </p>
      )}
      {result && (
        <>
          <p class={result.differ === 0 ? "result-line good" : "result-line"} role="status">
            {result.differ === 0 ? `✓ ${t.compareSame}` : t.compareRows(result.differ)}
          </p>
          {result.rows.length > 0 && (
            <table>
              <thead>
                <tr>
                  <th scope="col">{t.person}</th>
                  <th scope="col">{t.compareOther}</th>
                  <th scope="col">{t.compareNow}</th>
                </tr>
              </thead>
              <tbody>
                {result.rows.map((row) => (
                  <tr key={row.index}>
                    <th scope="row">
                      <button type="button" class="link" onClick={() => void open(row.index)} dir="auto">
                        {row.name}
                      </button>
                      <small> {row.targets.join(", ")}</small>
                    </th>
                    <td>{row.other ? t.actions[row.other] : "—"}</td>
                    <td>{t.actions[row.now]}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </>
      )}
    </section>
  );
}
