// The worker as it is served: the wasm and its rest are files beside it.
import wasm from "../pkg/provisor_bg.wasm?url";
import rest from "../pkg/rest_bg.wasm?url";
import { answer } from "./worker";

const MISSING = "the rest of the engine could not be loaded";

answer(wasm, {
  async later() {
    const reply = await fetch(rest);
    if (!reply.ok) throw new Error(MISSING);
    return WebAssembly.compile(await reply.arrayBuffer());
  },
  now() {
    const request = new XMLHttpRequest();
    request.open("GET", rest, false);
    request.responseType = "arraybuffer";
    request.send();
    if (request.status !== 200) throw new Error(MISSING);
    return request.response as ArrayBuffer;
  },
});
