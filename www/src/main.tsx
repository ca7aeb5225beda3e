import { render } from "preact";
import "./style/index.css";
import { App } from "./ui/App";
import { restore } from "./ui/keeping";
import { consider, tooLong } from "./ui/Offer";
import { install } from "./ui/Update";

const root = document.getElementById("app");
// Where there is no WebAssembly, what stands in the page says what is needed.
const able = typeof WebAssembly === "object";
if (root && able) {
  root.replaceChildren();
  render(<App />, root);
}

async function start(): Promise<void> {
  await restore();
  if (!location.hash.includes("c=")) return;
  const { fromFragment } = await import("./share");
  try {
    const shared = await fromFragment(location.hash);
    if (shared) consider(shared);
  } catch {
    tooLong.value = true;
  }
}
if (able) void start();

if ("serviceWorker" in navigator && import.meta.env.PROD && location.protocol !== "file:") void install();
