// The numbered requests, as they would be sent, to be copied as HTTP or curl.
import { useSignal } from "@preact/signals";
import { copy } from "../../save";
import { document_ } from "../../state/document";
import { leaveOut } from "../../state/edit";
import type { Person } from "../../state/person";
import { strings } from "../../strings";
import type { Request } from "../../types";
import { Code } from "./Code";
import { bodyLines } from "./lines";

const body = (request: Request) => (request.body === null ? "" : JSON.stringify(request.body, null, 2));

export function asHttp(request: Request): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const lines = [
    `${request.method} {{tenantUrl}}${request.path}`,
    "Authorization: Bearer {{token}}",
    ...headers,
  ];
  return `${lines.join("\n")}\n\n${body(request)}`.trimEnd();
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function asCurl(request: Request): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  const parts = [
    `curl -sS -X ${request.method} "$TENANT_URL"${quote(request.path)}`,
    '-H "Authorization: Bearer $TOKEN"',
    ...headers,
    ...(request.body === null ? [] : [`--data-binary ${quote(JSON.stringify(request.body))}`]),
  ];
  return parts.join(" \\\n  ");
}

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
