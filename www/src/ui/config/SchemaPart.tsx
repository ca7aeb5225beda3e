// Where the configuration came from, what the target's attributes are, and its JSON.
import { commit, document_, schema } from "../../state/document";
import { objects, targetsOf } from "../../state/schema";
import { strings } from "../../strings";
import { Choose } from "../Choose";

export function SchemaPart() {
  const t = strings();
  const { schemaName } = document_.value;
  return (
    <div class="form">
      <p class="note">{schemaName ? t.schemaFrom(schemaName) : t.schemaBuiltIn}</p>
      <div class="actions">
        <Choose label={t.chooseFiles} />
        <button
          type="button"
          class="button"
          onClick={() => {
            const { excludeDefaultAccess: _, ...settings } = document_.value.settings;
            commit(t.schemaReset, { schema: "", schemaName: "", settings });
          }}
        >
          {t.schemaReset}
        </button>
      </div>
      {(schema.value ? objects(schema.value) : []).map(({ kind }) => (
        <details key={kind}>
          <summary>
            {t.targetAttributes} · {kind === "User" ? t.users : t.groups}
          </summary>
          <table>
            <tbody>
              {targetsOf(schema.value, kind).map(({ name, type, required }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    {type}
                    {required && ` · ${t.required}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      ))}
    </div>
  );
}
