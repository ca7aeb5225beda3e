// A message of the engine, in the page's language: what stands in backticks is code.
import { told } from "../strings";

export function Coded({ text }: { text: string }) {
  return (
    <>
      {told(text)
        .split("`")
        .map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part))}
    </>
  );
}
