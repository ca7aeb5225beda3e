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

async function through(stream: CompressionStream | DecompressionStream, bytes: Uint8Array<ArrayBuffer>) {
  const piped = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

/** The link's fragment, without `#`. */
export async function toFragment(document: Document, expectations: boolean): Promise<string> {
  const text = configurationText(document, expectations);
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(text));
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `c=${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** The configuration in a fragment, if it holds one. */
export async function fromFragment(fragment: string): Promise<Partial<Document> | null> {
  const code = /(?:^#?|&)c=([\w-]+)/.exec(fragment)?.[1];
  if (!code) return null;
  try {
    const binary = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const text = await through(new DecompressionStream("deflate-raw"), bytes);
    return readConfiguration(new TextDecoder().decode(text));
  } catch {
    return null;
  }
}
