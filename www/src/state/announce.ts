// What a screen reader is told: one region for the whole page, and never more than one text a
// second. Of what comes faster the last wins.
import { signal } from "@preact/signals";

/** Milliseconds between two announcements, at least. */
const PAUSE = 1_000;
/** Milliseconds that a text waits at first, for what comes with it. */
const MOMENT = 100;

export const announced = signal("");
let next = "";
let spoke = Number.NEGATIVE_INFINITY;
let timer: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string): void {
  next = text;
  if (timer === undefined) timer = setTimeout(speak, Math.max(MOMENT, spoke + PAUSE - performance.now()));
}

function speak(): void {
  timer = undefined;
  if (next === announced.peek()) return;
  spoke = performance.now();
  announced.value = next;
}
