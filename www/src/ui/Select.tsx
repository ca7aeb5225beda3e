/** A choice of one among some, each with the word that is shown for it. */
export function Select<T extends string>({
  label,
  block = false,
  value,
  options,
  onChange,
}: {
  label: string;
  block?: boolean;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (chosen: T) => void;
}) {
  return (
    <label class={block ? "block" : undefined}>
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map(([name, word]) => (
          <option key={name} value={name}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
