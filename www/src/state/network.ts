// The server that serves this page, and how many requests were sent to it since the page was
// opened; none, unless it was told to.
import { signal } from "@preact/signals";

export const sent = signal(0);

/** The Tenant URL of the server that serves this page. */
export const TENANT = `${location.origin}/scim/v2`;
/** A page that was opened from disk has no server. */
export const served = /^https?:$/.test(location.protocol);

/** One request to the server that serves this page. The token goes nowhere else. */
export function ask(
  token: string,
  path: string,
  { headers, ...more }: RequestInit & { headers: Record<string, string> },
) {
  sent.value += 1;
  return fetch(TENANT + path, {
    ...more,
    headers: { ...headers, authorization: `Bearer ${token}` },
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
  });
}
