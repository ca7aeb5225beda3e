/** A value as it is shown: texts as they are, all else as JSON. */
export const shown = (value: unknown): string =>
  value === null || value === undefined ? "—" : typeof value === "string" ? value : JSON.stringify(value);

export { secret } from "../state/secret";

/** The last part of a target path: `…:User:department` → `department`. */
export const short = (target: string): string => target.replace(/^urn:.*:/, "");
