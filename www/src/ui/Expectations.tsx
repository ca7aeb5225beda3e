// "12/12 expectations hold": results that were pinned, checked after every plan.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../engine";
import { document_, type Expectation } from "../state/document";
import { expectNoMore } from "../state/edit";
import { open } from "../state/person";
import { generation } from "../state/plan";
import { strings } from "../strings";
import { Menu } from "./Menu";
import { shown } from "./value";

interface Checked {
  expectation: Expectation;
  index: number | undefined;
  actual: string;
}

async function check(expectation: Expectation): Promise<Checked> {
  const index = await call("place", expectation.id);
  const seen = index === undefined ? null : await call("person", index);
  const outcome = seen?.inside.outcomes.find(({ target }) => target === expectation.target);
  return { expectation, index, actual: outcome?.state === "value" ? shown(outcome.value) : "" };
}

export function Expectations() {
  const t = strings();
  const checked = useSignal<Checked[]>([]);
  const { expectations } = document_.value;
  const version = generation.value;
  useEffect(() => {
    let current = true;
    void Promise.all(expectations.map(check)).then((all) => {
      if (current) checked.value = all;
    });
    return () => {
      current = false;
    };
  }, [expectations, version, checked]);
  if (!expectations.length) return null;
  const held = checked.value.filter(({ expectation, actual }) => actual === expectation.value).length;
  const all = held === expectations.length;
  return (
    <span class={all ? "expectations" : "expectations broken"}>
      <Menu label={t.expectations(held, expectations.length)} icon={all ? "✓" : "!"}>
        <ul class="expected">
          {checked.value.map(({ expectation, index, actual }) => (
            <li
              key={expectation.id + expectation.target}
              class={actual === expectation.value ? "" : "broken"}
            >
              <button
                type="button"
                class="link"
                disabled={index === undefined}
                onClick={() => index !== undefined && void open(index)}
              >
                {expectation.name} · {expectation.target}
              </button>
              <span>
                {actual === expectation.value
                  ? `✓ ${actual}`
                  : `! ${actual} · ${t.expected(expectation.value)}`}
              </span>
              <button type="button" class="link" onClick={() => expectNoMore(expectation)}>
                {t.unpin}
              </button>
            </li>
          ))}
        </ul>
      </Menu>
    </span>
  );
}
