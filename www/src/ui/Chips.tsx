// The files that are loaded, each with what was understood of it.
import { useEffect } from "preact/hooks";
import { announce } from "../state/announce";
import { commit, document_ } from "../state/document";
import { removeFile } from "../state/files";
import { fileStates, reading } from "../state/plan";
import { strings } from "../strings";

function Chip({
  name,
  about,
  share,
  wrong,
  onRemove,
}: {
  name: string;
  about: string;
  /** How far it has been read, from 0 to 1. */
  share?: number | undefined;
  wrong?: boolean;
  onRemove: () => void;
}) {
  return (
    <li class={wrong ? "chip error" : "chip"}>
      <span dir="auto">{name}</span>
      <small>{about}</small>
      {share !== undefined && <progress aria-label={about} value={share} max={1} />}
      <button type="button" aria-label={strings().removeFile(name)} onClick={onRemove}>
        ×
      </button>
    </li>
  );
}

export function Chips() {
  const t = strings();
  const { files, generated, schemaName } = document_.value;
  const now = reading.value;
  // Told aloud in quarters.
  const quarter = now ? Math.floor(now.share * 4) * 25 : 0;
  const aloud = now && quarter > 0 ? t.readingOf(files[now.file]?.name ?? "", quarter) : "";
  useEffect(() => {
    if (aloud) announce(aloud);
  }, [aloud]);
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
            : now && now.file > at
              ? t.readDone
              : t.reading;
        return (
          <Chip
            key={name}
            name={name}
            about={about}
            share={now?.file === at ? now.share : undefined}
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
