// A button that opens the file dialogue.
import { take } from "../state/files";

export function Choose({
  label,
  primary = false,
  onFiles = take,
}: {
  label: string;
  primary?: boolean;
  onFiles?: (files: Iterable<File>) => Promise<void>;
}) {
  return (
    <label class={primary ? "button primary" : "button"}>
      {label}
      <input
        type="file"
        multiple
        class="hidden"
        aria-label={label}
        onChange={(event) => {
          const input = event.currentTarget;
          if (input.files) void onFiles(input.files).then(() => (input.value = ""));
        }}
      />
    </label>
  );
}
