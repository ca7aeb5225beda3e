// Tabs as the ARIA practices have them: one stop, arrows move, Enter or Space opens.
import { useRef } from "preact/hooks";

export interface TabOf<T extends string> {
  id: T;
  word: string;
  count?: number;
  tone?: string;
}

export function Tabs<T extends string>({
  name,
  label,
  tabs,
  selected,
  onSelect,
}: {
  name: string;
  label: string;
  tabs: TabOf<T>[];
  selected: T;
  onSelect: (id: T) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  return (
    <div
      class="tabs"
      role="tablist"
      aria-label={label}
      ref={list}
      onKeyDown={(event) => {
        const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>("[role=tab]") ?? [])];
        const at = buttons.indexOf(event.target as HTMLButtonElement);
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        buttons[(to + buttons.length) % buttons.length]?.focus();
      }}
    >
      {tabs.map(({ id, word, count = 0, tone = "" }) => (
        <button
          type="button"
          key={id}
          role="tab"
          id={`${name}-${id}`}
          aria-selected={selected === id}
          aria-controls={name}
          tabIndex={selected === id ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {word}
          {count > 0 && <small class={`count ${tone}`}>{count}</small>}
        </button>
      ))}
    </div>
  );
}
