// The parts of the configuration beside the mappings, loaded together when one is first shown.
export { SchemaPart } from "./SchemaPart";
export { Scope } from "./Scope";
export { SettingsPart } from "./SettingsPart";
