// Long work goes in slices with a pause between them, in which newer questions are answered;
// whatever a newer question overtakes ends at its next slice.
/** Tells how far a long call has come, or one of the files that it reads. */
export type Progress = (done: number, total: number, file?: number) => void;

/** Milliseconds that a slice may take before newer questions get their turn. */
const TURN = 8;

let latest = 0;

/** Something newer is asked for: what is under way ends. */
export function overtake(): void {
  latest += 1;
}

/** Lets what has come meanwhile be answered. */
export const pause = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** Given up, because something newer was asked for. */
export class Overtaken extends Error {}

/** Work in turns: `rest` pauses once a turn is over, and throws when it was overtaken. */
export function turns() {
  const mine = latest;
  let began = performance.now();
  return async (done: number, total: number, progress?: Progress, file?: number): Promise<void> => {
    if (performance.now() - began < TURN) return;
    runs(undefined);
    progress?.(done, total, file);
    await pause();
    if (mine !== latest) throw new Overtaken();
    began = performance.now();
  };
}

export type Turns = ReturnType<typeof turns>;

/** Nothing when the work was overtaken. */
export async function unlessOvertaken<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Overtaken) return null;
    throw error;
  }
}

let told: string | undefined;
/** Tells the page what of the administrator's the plan runs next, should it never come to an end. */
export function runs(what: string | undefined): void {
  if (what === told) return;
  told = what;
  self.postMessage({ runs: what });
}
