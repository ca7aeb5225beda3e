// The configuration as a link: in the fragment, which no browser sends anywhere. People are
// never in it; expectations only when asked for, since they hold values of people.
import type { Document, Expectation } from "./state/document";

type Shared = Pick<Document, "schema" | "schemaName" | "settings" | "columns"> & {
  expectations?: readonly Expectation[];
};

const VERSION = 1;

function shared(document: Document, expectations: boolean): Shared & { provisorConfiguration: number } {
  const { schema, schemaName, settings, columns } = document;
  return {
    provisorConfiguration: VERSION,
    schema,
    schemaName,
    settings,
    columns,
    ...(expectations ? { expectations: document.expectations } : {}),
  };
}

/** The configuration as a file, to be compared or opened later. */
export const configurationText = (document: Document, expectations: boolean): string =>
  JSON.stringify(shared(document, expectations));

/** A configuration that was saved or shared, if the text is one. */
export function readConfiguration(text: string): Partial<Document> | null {
  try {
    const given = JSON.parse(text) as Shared & { provisorConfiguration?: number };
    if (given.provisorConfiguration !== VERSION || typeof given.schema !== "string") return null;
    const list = Array.isArray(given.expectations) ? given.expectations : [];
    return {
      schema: given.schema,
      schemaName: String(given.schemaName ?? ""),
      settings: { ...given.settings },
      columns: { ...given.columns },
      expectations: list,
    };
  } catch {
    return null;
  }
}

/** The longest configuration that a link may hold, in bytes: a short link may unpack to gigabytes. */
export const LONGEST = 4 << 20;

/** The link holds more than {@link LONGEST}. */
export class TooLong extends Error {}

/** What a stream makes of these bytes, given up once it is more than `most`. */
async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new TooLong();
    }
    pieces.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** The link's fragment, without `#`; {@link TooLong} of a configuration that no link may hold. */
export async function toFragment(document: Document, expectations: boolean): Promise<string> {
  const text = new TextEncoder().encode(configurationText(document, expectations));
  if (text.length > LONGEST) throw new TooLong();
  const bytes = await through(new CompressionStream("deflate-raw"), text, Number.POSITIVE_INFINITY);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `c=${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** The configuration in a fragment, if it holds one; {@link TooLong} if it holds too much. */
export async function fromFragment(fragment: string): Promise<Partial<Document> | null> {
  const code = /(?:^#?|&)c=([\w-]+)/.exec(fragment)?.[1];
  if (!code) return null;
  try {
    const binary = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const text = await through(new DecompressionStream("deflate-raw"), bytes, LONGEST);
    return readConfiguration(new TextDecoder().decode(text));
  } catch (error) {
    if (error instanceof TooLong) throw error;
    return null;
  }
}
