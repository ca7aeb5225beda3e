// The line between two panes: dragged, or moved with the arrows.
import type { RefObject } from "preact";
import { strings } from "../strings";

const MIN = 240;
const MAX = 720;
const STEP = 24;

export function Splitter({
  panes,
  variable,
  width,
  onWidth,
  name,
  reverse = false,
}: {
  panes: RefObject<HTMLDivElement | null>;
  variable: string;
  width: number;
  onWidth: (width: number) => void;
  name: string;
  reverse?: boolean;
}) {
  const set = (wanted: number) => {
    const next = Math.round(Math.max(MIN, Math.min(MAX, wanted)));
    panes.current?.style.setProperty(variable, `${next}px`);
    onWidth(next);
  };
  const sign = reverse ? -1 : 1;
  return (
    <div
      class="splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={strings().resize(name)}
      aria-valuenow={width}
      aria-valuemin={MIN}
      aria-valuemax={MAX}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        set(width + sign * step);
      }}
      onPointerDown={(event) => {
        const start = event.clientX;
        const bar = event.currentTarget;
        bar.setPointerCapture(event.pointerId);
        const move = (moved: PointerEvent) => set(width + sign * (moved.clientX - start));
        bar.addEventListener("pointermove", move);
        bar.addEventListener("pointerup", () => bar.removeEventListener("pointermove", move), { once: true });
      }}
    />
  );
}
