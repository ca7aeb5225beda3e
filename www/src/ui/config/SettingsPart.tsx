// What the portal keeps beside the mappings.
import { document_, schema } from "../../state/document";
import { configure, editFlows } from "../../state/edit";
import { excludesDefaultAccess, flowsOf, objects } from "../../state/schema";
import { strings } from "../../strings";
import type { Dialect, ManagerShape, Settings } from "../../types";
import { Select } from "../Select";

/** The base URLs that Clarizen One has for its tenants. */
const URLS = [
  "https://servicesapp2.clarizen.com/scim/v2",
  "https://servicesapp.eu1.clarizen.com/scim/v2",
  "https://servicesapp2.clarizentb.com/scim/v2",
  "https://servicesapp.clarizentb.com/scim/v2",
];

const DIALECTS: Dialect[] = ["legacy", "aadOptscim062020", "rfc"];
const SHAPES: ("" | ManagerShape)[] = ["", "list", "text", "object"];

function Check({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

export function SettingsPart() {
  const t = strings();
  const { settings } = document_.value;
  return (
    <div class="form">
      {(schema.value ? objects(schema.value) : []).map(({ kind }) => {
        const flows = flowsOf(schema.value, kind);
        return (
          <fieldset key={kind}>
            <legend>
              {t.targetActions} · {kind === "User" ? t.users : t.groups}
            </legend>
            <Check
              label={t.create}
              checked={flows.add}
              onChange={(add) => editFlows(kind, { ...flows, add })}
            />
            <Check
              label={t.update}
              checked={flows.update}
              onChange={(update) => editFlows(kind, { ...flows, update })}
            />
            <Check
              label={t.delete}
              checked={flows.delete}
              onChange={(on) => editFlows(kind, { ...flows, delete: on })}
            />
          </fieldset>
        );
      })}
      <fieldset>
        <legend>{t.settings}</legend>
        <Check
          label={t.skipOutOfScope}
          checked={settings.skipOutOfScopeDeletions}
          onChange={(skipOutOfScopeDeletions) => configure({ skipOutOfScopeDeletions })}
        />
        <Check
          label={t.defaultAccess}
          checked={settings.excludeDefaultAccess ?? excludesDefaultAccess(schema.value)}
          onChange={(excludeDefaultAccess) => configure({ excludeDefaultAccess })}
        />
        <Check
          label={t.firstCycle}
          checked={settings.firstCycle ?? false}
          onChange={(firstCycle) => configure({ firstCycle })}
        />
      </fieldset>
      <label class="block">
        {t.threshold}
        <input
          type="number"
          min={0}
          value={settings.deletionThreshold ?? ""}
          onInput={(event) => {
            const text = event.currentTarget.value;
            configure(
              { deletionThreshold: text === "" ? undefined : Math.max(0, Number(text)) } as Partial<Settings>,
              "threshold",
            );
          }}
        />
      </label>
      <Select
        block
        label={t.requestsAs}
        value={settings.dialect}
        options={DIALECTS.map((name) => [name, t.dialects[name]])}
        onChange={(dialect) => configure({ dialect })}
      />
      <Select
        block
        label={t.managerShape}
        value={settings.managerShape ?? ""}
        options={SHAPES.map((name) => [name, t.managerShapes[name]])}
        onChange={(shape) => configure({ managerShape: shape || undefined } as Partial<Settings>)}
      />
      <label class="block">
        {t.defaultDomain}
        <input
          placeholder="contoso.com"
          autocomplete="off"
          spellcheck={false}
          value={settings.defaultDomain ?? ""}
          onInput={(event) =>
            configure({ defaultDomain: event.currentTarget.value.trim() }, "default-domain")
          }
        />
      </label>
      <label class="block">
        {t.tenantUrl}
        <input
          type="url"
          list="urls"
          placeholder={URLS[0]}
          spellcheck={false}
          value={settings.tenantUrl ?? ""}
          onInput={(event) => configure({ tenantUrl: event.currentTarget.value }, "tenant-url")}
        />
        <datalist id="urls">
          {URLS.map((url) => (
            <option key={url} value={url} />
          ))}
        </datalist>
      </label>
    </div>
  );
}
