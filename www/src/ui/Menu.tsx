// A button that opens a small panel. Escape and a press elsewhere close it.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Menu({
  label,
  children,
  icon,
}: {
  label: string;
  children: ComponentChildren;
  icon?: string;
}) {
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const open = box.current;
      if (!open?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== "Escape") return;
        open.querySelector("summary")?.focus();
      } else if (open.contains(event.target as Node)) return;
      open.open = false;
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, []);
  return (
    <details class="menu" ref={box}>
      <summary class="button" aria-label={label}>
        {icon && <span aria-hidden="true">{icon}</span>} <span class="word">{label}</span>
      </summary>
      <div class="panel">{children}</div>
    </details>
  );
}
