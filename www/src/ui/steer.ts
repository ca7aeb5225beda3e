// How the keys of the whole page reach the list of people.
import { signal } from "@preact/signals";

export const steer = signal<{ select: (position: number) => void; active: () => number; total: number }>({
  select: () => {},
  active: () => 0,
  total: 0,
});
