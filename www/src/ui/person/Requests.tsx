// The numbered requests, as they would be sent, to be copied as HTTP or curl.
import { useSignal } from "@preact/signals";
import { copy } from "../../save";
import { document_ } from "../../state/document";
import { leaveOut } from "../../state/edit";
import type { Person } from "../../state/person";
import { strings } from "../../strings";
import { Code } from "./Code";
import { bodyLines } from "./lines";
import { asCurl, asHttp } from "./requestText";

function Copy({ label, text }: { label: string; text: () => string }) {
  const done = useSignal(false);
  return (
    <button
      type="button"
      class="link"
      onClick={() =>
        void copy(text()).then((copied) => {
          done.value = copied;
          setTimeout(() => (done.value = false), 1500);
        })
      }
    >
      {done.value ? `✓ ${strings().copied}` : label}
    </button>
  );
}

export function Requests({ open }: { open: Person }) {
  const t = strings();
  const { requests, objectType, source } = open.operation;
  const targets = new Set(open.inside.outcomes.map(({ target }) => target));
  if (!requests.length) return <p class="note">{t.noRequests}</p>;
  const out = document_.value.leftOut.ids.includes(source.id);
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={!out}
          onChange={(event) => leaveOut("ids", source.id, !event.currentTarget.checked)}
        />
        {t.inExport}
      </label>
      <ol class="requests">
        {requests.map((request) => (
          <li key={request.id}>
            <p class="line">
              <b class={`method ${request.method}`}>{request.method}</b>
              <code>{decodeURIComponent(request.path.replaceAll("+", " "))}</code>
            </p>
            {request.body !== null && (
              <Code kind={objectType} lines={bodyLines(request.body)} targets={targets} />
            )}
            <p class="line">
              <Copy label={t.copyHttp} text={() => asHttp(request)} />
              <Copy label={t.copyCurl} text={() => asCurl(request)} />
            </p>
          </li>
        ))}
      </ol>
    </>
  );
}
