// Whether the list of everything that can be done is open.
import { signal } from "@preact/signals";

export const paletteOpen = signal(false);
/** What was typed before it was there. */
export const typedAhead = signal("");
