// The worker as it is served: each wasm is a file beside it.
import wasm from "../pkg/provisor_bg.wasm?url";
import sandbox from "../pkg/sandbox/sandbox_bg.wasm?url";
import { answer } from "./worker";

answer(wasm, () => sandbox);
