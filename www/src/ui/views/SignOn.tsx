// What single sign-on will send beside what is provisioned, and who would not be found.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../../engine";
import { open } from "../../state/person";
import { attributes, generation } from "../../state/plan";
import { strings } from "../../strings";
import type { SignOnCheck } from "../../types";
import { Select } from "../Select";

const USUAL = ["userPrincipalName", "mail", "objectId", "employeeId", "onPremisesSamAccountName"];

export function SignOn() {
  const t = strings();
  const attribute = useSignal("userPrincipalName");
  const seen = useSignal<SignOnCheck | null>(null);
  useEffect(() => {
    let current = true;
    void call("signOn", attribute.value).then((check) => {
      if (current && check) seen.value = check;
    });
    return () => {
      current = false;
    };
  }, [attribute.value, generation.value, seen]);
  const names = [
    ...new Set([...USUAL.filter((name) => attributes.value.User.includes(name)), ...attributes.value.User]),
  ];
  const check = seen.value;
  return (
    <section class="scroll view" tabIndex={0} aria-label={t.signOn}>
      <p class="note">{t.signOnText}</p>
      <Select
        block
        label={t.signOnAttribute}
        value={attribute.value}
        options={names.map((name) => [name, name])}
        onChange={(chosen) => {
          attribute.value = chosen;
        }}
      />
      {check && (
        <p class={check.lost === 0 ? "result-line good" : "result-line bad"} role="status">
          {check.lost === 0
            ? `✓ ${t.signOnAll(check.checked)}`
            : `! ${t.signOnNot(check.lost, check.checked)}`}
        </p>
      )}
      {check && check.rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{t.person}</th>
              <th scope="col">{t.signOnSends}</th>
              <th scope="col">{t.signOnProvisioned}</th>
            </tr>
          </thead>
          <tbody>
            {check.rows.map((row) => (
              <tr key={row.index}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => void open(row.index)} dir="auto">
                    {row.name}
                  </button>
                </th>
                <td dir="auto">{row.sends ?? <em>{t.signOnMissing}</em>}</td>
                <td dir="auto">
                  {row.userName ?? <em>{t.signOnMissing}</em>}
                  {row.caseOnly && <small> · {t.signOnCase}</small>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
