// A part of the page that is loaded when it is first shown.
import { useSignal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";

export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let loaded: FunctionComponent<P> | undefined;
  return function Lazy(props: P) {
    const ready = useSignal(loaded !== undefined);
    useEffect(() => {
      if (!loaded)
        void load().then((component) => {
          loaded = component;
          ready.value = true;
        });
    }, [ready]);
    const Component = ready.value ? loaded : undefined;
    return Component ? <Component {...props} /> : null;
  };
}
