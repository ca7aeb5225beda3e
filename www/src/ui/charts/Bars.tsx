// A list of bars: real text, each row a button, and the same numbers as a table.
import { useSignal } from "@preact/signals";
import { strings } from "../../strings";
import { hatched } from "./Hatch";

export interface BarOf {
  label: string;
  value: number;
  /** Shown instead of the number. */
  note?: string;
  tone?: string;
  onPick?: (() => void) | undefined;
}

const ROW = 30;

export function Bars({ title, bars, most }: { title: string; bars: BarOf[]; most?: number }) {
  const t = strings();
  const table = useSignal(false);
  const top = most ?? Math.max(1, ...bars.map(({ value }) => value));
  return (
    <section class="chart" aria-label={title}>
      <div class="line">
        <h3>{title}</h3>
        {bars.length > 0 && (
          <button
            type="button"
            class="link"
            aria-pressed={table.value}
            aria-label={`${t.asTable}: ${title}`}
            onClick={() => (table.value = !table.value)}
          >
            {table.value ? t.asChart : t.asTable}
          </button>
        )}
      </div>
      {bars.length === 0 ? (
        <p class="note">{t.chartNone}</p>
      ) : table.value ? (
        <table>
          <thead>
            <tr>
              <th scope="col">{t.label}</th>
              <th scope="col">{t.count}</th>
            </tr>
          </thead>
          <tbody>
            {bars.map(({ label, value, note }) => (
              <tr key={label}>
                <th scope="row" dir="auto">
                  {label}
                </th>
                <td>{note ?? t.number(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <svg width="100%" height={bars.length * ROW} role="group" aria-label={title}>
          {bars.map((bar, at) => (
            <Bar key={bar.label} bar={bar} y={at * ROW} share={bar.value / top} />
          ))}
        </svg>
      )}
    </section>
  );
}

function Bar({ bar, y, share }: { bar: BarOf; y: number; share: number }) {
  const t = strings();
  const { label, value, note, tone = "", onPick } = bar;
  const number = note ?? t.number(value);
  const place = {
    x: "0",
    y: y + 17,
    width: value ? `${Math.max(0.7, share * 100)}%` : 0,
    height: "8",
    rx: "3",
  };
  const hatch = hatched(tone);
  const body = (
    <>
      <rect class="hit" x="0" y={y} width="100%" height={ROW} />
      <text x="0" y={y + 13}>
        {label.length > 46 ? `…${label.slice(-45)}` : label}
      </text>
      <text class="number-text" x="100%" y={y + 13} text-anchor="end">
        {number}
      </text>
      <rect class="track" x="0" y={y + 17} width="100%" height="8" rx="3" />
      <rect class="mark" {...place} />
      {hatch && <rect {...place} {...hatch} />}
    </>
  );
  if (!onPick)
    return (
      <g class={tone} aria-label={`${label}: ${number}`}>
        {body}
      </g>
    );
  return (
    <g
      class={`pick ${tone}`}
      role="button"
      tabIndex={0}
      aria-label={`${label}: ${number}`}
      onClick={onPick}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        onPick();
      }}
    >
      {body}
    </g>
  );
}
