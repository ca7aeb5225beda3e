// The worker as it is served: the wasm is a file beside it.
import wasm from "../pkg/provisor_bg.wasm?url";
import { answer } from "./worker";

answer(wasm);
