// The open person: what becomes of them, and what they look like from within.
import { computed, signal } from "@preact/signals";
import { call } from "../engine";
import type { Inside, Operation } from "../types";
import { retain } from "./retain";

export interface Person {
  index: number;
  operation: Operation;
  inside: Inside;
}

export const person = signal<Person | null>(null);
/** The row that is open. */
export const openIndex = computed(() => person.value?.index);
export const opened = computed(() => person.value !== null);
/** The target attribute under the mouse, and the one that was pressed, which stays. */
export const hovered = signal<string | null>(null);
export const chosen = signal<string | null>(null);
/** The target attribute that is pointed at, in the configuration and in the person. */
export const pointed = computed(() => hovered.value ?? chosen.value);

/** Shows a person; what is as it was is not drawn again. */
export function see(next: Person | null): void {
  person.value = retain(person.value, next);
}

async function look(index: number): Promise<void> {
  const seen = await call("person", index);
  see(seen && { index, ...seen });
}

export const open = (index: number): Promise<void> => look(index);

export function close(): void {
  person.value = null;
}

/** Looks again after a new plan; the person stays the same even if the rows moved. */
export async function refreshPerson(): Promise<void> {
  const before = person.value;
  if (!before) return;
  const index = await call("place", before.operation.source.id);
  if (person.value !== before) return;
  if (index === undefined) close();
  else await look(index);
}
