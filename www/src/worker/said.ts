// What the engine answers, as JSON text.
import type { Answer } from "../types";

export const said = <T>(text: string) => JSON.parse(text) as Answer<T>;
export const list = <T>(answer: Answer<T[]>): T[] => ("ok" in answer ? answer.ok : []);
export const parsed = <T>(text: string): T | null => (text ? (JSON.parse(text) as T) : null);
