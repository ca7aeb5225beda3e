// Ways in that need more than a file.
import { guide } from "../prefs";
import { add } from "../state/files";
import { strings } from "../strings";

/** Loads the example and opens its guide. */
export async function startExample(): Promise<void> {
  const { example } = await import("../example");
  await add(await example(), strings().stepExample);
  guide.value = 0;
}
