// What is to be said of the configuration as a whole, worst first; it can be put away.
import { signal } from "@preact/signals";
import { strings } from "../../strings";
import type { Diagnostic } from "../../types";
import { Coded } from "../Coded";

const SIGNS = { error: "×", warning: "!", info: "i" } as const;
const ORDER = ["error", "warning", "info"] as const;

/** Whether the list is put away; so it stays while the page is open. */
const away = signal(false);

export function Finding({ finding }: { finding: Diagnostic }) {
  const t = strings();
  const { severity, message, help } = finding;
  return (
    <>
      <i class="sign" role="img" aria-label={t.severities[severity]} title={t.severities[severity]}>
        {SIGNS[severity]}
      </i>
      <span>
        <Coded text={message} />
        {help && (
          <small>
            <Coded text={help} />
          </small>
        )}
      </span>
    </>
  );
}

export function Findings({ list }: { list: readonly Diagnostic[] }) {
  const t = strings();
  if (!list.length) return null;
  const sorted = ORDER.flatMap((severity) => list.filter((finding) => finding.severity === severity));
  return (
    <details
      class="findings"
      open={!away.value}
      onToggle={(event) => (away.value = !event.currentTarget.open)}
    >
      <summary>
        {t.findings} <small>{t.number(list.length)}</small>
      </summary>
      <ul>
        {sorted.map((finding) => (
          <li class={finding.severity} key={finding.rule + finding.message}>
            <Finding finding={finding} />
          </li>
        ))}
      </ul>
    </details>
  );
}
