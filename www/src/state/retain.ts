/** The new value, in which all that says what it said is the old one: it is not drawn again. */
export function retain<T>(before: unknown, after: T): T {
  if (before === null || after === null || typeof before !== "object" || typeof after !== "object")
    return after;
  if (Array.isArray(before) !== Array.isArray(after)) return after;
  const [old, fresh] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const [known, keys] = [Object.keys(old), Object.keys(fresh)];
  let same = known.length === keys.length;
  keys.forEach((key, at) => {
    fresh[key] = retain(old[key], fresh[key]);
    same &&= known[at] === key && Object.is(old[key], fresh[key]);
  });
  return same ? (before as T) : after;
}
