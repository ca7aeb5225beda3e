// How many requests this page has sent since it was opened; none, unless it was told to.
import { signal } from "@preact/signals";

export const sent = signal(0);
