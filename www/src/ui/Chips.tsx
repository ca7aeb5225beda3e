// The files that are loaded, each with what was understood of it.
import { commit, document_ } from "../state/document";
import { removeFile } from "../state/files";
import { fileStates } from "../state/plan";
import { strings } from "../strings";

function Chip({
  name,
  about,
  wrong,
  onRemove,
}: {
  name: string;
  about: string;
  wrong?: boolean;
  onRemove: () => void;
}) {
  return (
    <li class={wrong ? "chip error" : "chip"}>
      <span dir="auto">{name}</span>
      <small>{about}</small>
      <button type="button" aria-label={strings().removeFile(name)} onClick={onRemove}>
        ×
      </button>
    </li>
  );
}

export function Chips() {
  const t = strings();
  const { files, generated, schemaName } = document_.value;
  return (
    <ul class="chips" aria-label={t.addFiles}>
      {generated > 0 && (
        <Chip
          name={t.generatedChip(generated)}
          about=""
          onRemove={() => commit(t.stepRemove(t.generatedChip(generated)), { generated: 0 })}
        />
      )}
      {files.map(({ name }, at) => {
        const state = fileStates.value[at];
        const about = state?.error
          ? t.notRead
          : state?.report
            ? t.rowsOf(state.report.rows, state.report.kind)
            : t.reading;
        return (
          <Chip
            key={name}
            name={name}
            about={about}
            wrong={!!state?.error}
            onRemove={() => removeFile(name)}
          />
        );
      })}
      {schemaName && (
        <Chip
          name={schemaName}
          about={t.configurationChip}
          onRemove={() => commit(t.stepRemove(schemaName), { schema: "", schemaName: "" })}
        />
      )}
    </ul>
  );
}
