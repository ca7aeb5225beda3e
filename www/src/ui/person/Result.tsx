// The mapped SCIM resource, line by line; a line leads to its mapping.
import type { Person } from "../../state/person";
import { Code } from "./Code";
import { lines } from "./lines";

export function Result({ open }: { open: Person }) {
  const { objectType, problems, result } = open.operation;
  return (
    <Code
      kind={objectType}
      lines={lines(result)}
      targets={new Set(open.inside.outcomes.map(({ target }) => target))}
      problems={new Map(problems.map(({ target, message }) => [target, message]))}
    />
  );
}
