// The configuration in the portal's own words, in four parts.
import { type Part, part } from "../../prefs";
import { diagnostics } from "../../state/plan";
import { strings } from "../../strings";
import { lazy } from "../lazy";
import { Tabs } from "../Tabs";
import { Mappings } from "./Mappings";

const Scope = lazy(() => import("./parts").then(({ Scope }) => Scope));
const SettingsPart = lazy(() => import("./parts").then(({ SettingsPart }) => SettingsPart));
const SchemaPart = lazy(() => import("./parts").then(({ SchemaPart }) => SchemaPart));

const PARTS: Part[] = ["mappings", "scope", "settings", "schema"];

export function Configuration() {
  const t = strings();
  const wrong = diagnostics.value.filter(({ severity }) => severity !== "info").length;
  return (
    <section class="pane configuration" aria-labelledby="configuration">
      <h2 id="configuration" class="hidden">
        {t.configuration}
      </h2>
      <Tabs
        name="part"
        label={t.configurationViews}
        tabs={PARTS.map((id) => ({ id, word: t[id], count: id === "mappings" ? wrong : 0, tone: "failed" }))}
        selected={part.value}
        onSelect={(id) => (part.value = id)}
      />
      <div id="part" class="scroll" role="tabpanel" aria-labelledby={`part-${part.value}`} tabIndex={0}>
        {part.value === "mappings" && <Mappings />}
        {part.value === "scope" && <Scope />}
        {part.value === "settings" && <SettingsPart />}
        {part.value === "schema" && <SchemaPart />}
      </div>
    </section>
  );
}
