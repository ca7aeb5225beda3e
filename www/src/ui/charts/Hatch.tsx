// A pattern beside each colour, so that no part of a chart is told by its colour alone.

/** What is drawn over each tone; a tone without one is plain. */
const HATCHES: Record<string, string> = {
  delete: "M0 0L6 6M0 6L6 0",
  disable: "M0 6L6 0M-1 1L1 -1M5 7L7 5",
  staged: "M3 0V6",
  failed: "M3 0V6M0 3H6",
  update: "M0 0L6 6M5 -1L7 1M-1 5L1 7",
  unchanged: "M0 3H6",
  skipped: "M1 1.5H3M4 4.5H6",
};

/** The patterns, once for the whole page. */
export function Hatches() {
  return (
    <svg class="hatches" aria-hidden="true" width="0" height="0">
      <defs>
        {Object.entries(HATCHES).map(([tone, path]) => (
          <pattern key={tone} id={`hatch-${tone}`} width="6" height="6" patternUnits="userSpaceOnUse">
            <path d={path} />
          </pattern>
        ))}
      </defs>
    </svg>
  );
}

/** The attributes of a shape that lies over one of this tone; none where that is plain. */
export const hatched = (tone: string) =>
  tone in HATCHES ? { class: "hatch", fill: `url(#hatch-${tone})`, "data-hatch": tone } : null;
