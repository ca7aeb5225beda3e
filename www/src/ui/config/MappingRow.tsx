// One mapping: target, source, what it gives the open person, how full it is; opened, all
// of Entra's fields.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { drafts } from "../../state/edit";
import { hovered, person, pointed } from "../../state/person";
import { behind, filter } from "../../state/plan";
import type { Mapping } from "../../state/schema";
import { strings, told } from "../../strings";
import type { Diagnostic, TargetFindings } from "../../types";
import { Coded } from "../Coded";
import { secret, short, shown } from "../value";
import { Fixes } from "./Fixes";
import { MappingDetail } from "./MappingDetail";
import { SourceField } from "./SourceField";

const GLYPHS = { none: "∅", direct: "→", constant: "“”", expression: "ƒ" };

/** What the open person gets, with a sign and a word for each state. */
function Live({ mapping }: { mapping: Mapping }) {
  const t = strings();
  const { kind, target } = mapping;
  const found = useComputed(() => {
    const open = person.value;
    if (open?.operation.objectType !== kind) return undefined;
    return open.inside.outcomes.find((outcome) => outcome.target === target);
  });
  const outcome = found.value;
  if (!outcome) return null;
  if (outcome.state === "error")
    return (
      <span class="live error">
        <i aria-hidden="true">!</i> {t.error}: {told(outcome.message)}
      </span>
    );
  if (outcome.state !== "value")
    return (
      <span class="live empty">
        <i aria-hidden="true">∅</i> {t.empty}
      </span>
    );
  return (
    <span class="live value" dir="auto">
      <i aria-hidden="true">✓</i> {secret(mapping.target) ? "••••••" : shown(outcome.value)}
    </span>
  );
}

function Fill({ found }: { found: TargetFindings }) {
  const t = strings();
  const total = found.filled + found.empty + found.failed;
  if (!total) return null;
  const percent = Math.round((found.filled / total) * 100);
  return (
    <meter min={0} max={100} value={percent} aria-label={t.fill(percent)} title={t.fill(percent)}>
      {t.fill(percent)}
    </meter>
  );
}

export function MappingRow({
  mapping,
  findings,
  survey,
}: {
  mapping: Mapping;
  findings: Diagnostic[];
  survey: TargetFindings | undefined;
}) {
  const t = strings();
  const opened = useSignal(false);
  const id = `mapping-${mapping.key}`;
  const name = `changed:${mapping.kind}/${mapping.target}`;
  const wrong = findings.some(({ severity }) => severity === "error") || drafts.value.has(mapping.key);
  const lit = pointed.value === `${mapping.kind}/${mapping.target}`;
  // What the mouse is over stays where it is; what is pointed at elsewhere comes into sight.
  const over = useRef(false);
  useEffect(() => {
    if (lit && !over.current) document.getElementById(id)?.scrollIntoView({ block: "nearest" });
  }, [lit, id]);
  return (
    <li
      id={id}
      class={`mapping${wrong ? " wrong" : ""}${lit ? " lit" : ""}`}
      onMouseEnter={() => {
        over.current = true;
        hovered.value = `${mapping.kind}/${mapping.target}`;
      }}
      onMouseLeave={() => {
        over.current = false;
        hovered.value = null;
      }}
    >
      <div class="line">
        <button
          type="button"
          class="disclose"
          aria-expanded={opened.value}
          aria-label={`${t.details}: ${mapping.target}`}
          onClick={() => (opened.value = !opened.value)}
        >
          <span aria-hidden="true">{opened.value ? "▾" : "▸"}</span>
        </button>
        <span class="target" title={mapping.target} dir="auto">
          {short(mapping.target)}
        </span>
        {mapping.matching > 0 && <abbr title={t.matchingPrecedence}>{t.match(mapping.matching)}</abbr>}
        {mapping.createOnly && <abbr title={t.onlyCreate}>{t.createOnly}</abbr>}
        <span class="space" />
        {survey && <Fill found={survey} />}
        {survey && survey.changed > 0 && (
          <button
            type="button"
            class="count-button"
            title={t.affectsTitle(mapping.target)}
            aria-label={t.affectsTitle(mapping.target)}
            aria-pressed={filter.value.behind === name}
            onClick={() => void behind(name)}
          >
            Δ {t.number(survey.changed)}
          </button>
        )}
      </div>
      <div class="line">
        <span
          class="glyph"
          role="img"
          aria-label={t.mappingTypes[mapping.type]}
          title={t.mappingTypes[mapping.type]}
        >
          {GLYPHS[mapping.type]}
        </span>
        <SourceField mapping={mapping} describedBy={findings.length ? `${id}-found` : ""} />
      </div>
      <Live key={mapping.target} mapping={mapping} />
      <div id={`${id}-found`}>
        {findings.map((finding) => (
          <p class={`finding ${finding.severity}`} key={finding.rule + finding.message}>
            <Coded text={finding.help ? `${finding.message}; ${finding.help}` : finding.message} />{" "}
            <Fixes mapping={mapping} finding={finding} />
          </p>
        ))}
      </div>
      {opened.value && <MappingDetail mapping={mapping} survey={survey} />}
    </li>
  );
}
