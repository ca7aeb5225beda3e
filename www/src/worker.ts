// The engine's side: wasm in a worker, so that the page never waits for it.
import init, { Preview } from "../pkg/provisor.js";
import wasm from "../pkg/provisor_bg.wasm?url";
import type { Settings } from "./types";

export interface Calls {
  reset(): void;
  loadSource(name: string, bytes: Uint8Array): unknown;
  loadTarget(bytes: Uint8Array): unknown;
  configure(schema: string, settings: Settings): unknown;
  plan(): unknown;
  find(action: string, text: string): Uint32Array;
  rows(indexes: Uint32Array): unknown;
  operation(index: number): string;
  planJson(): string;
  schemaJson(): string;
}

const ready = init({ module_or_path: wasm });
let preview: Preview | undefined;

const calls: Calls = {
  reset: () => {
    preview?.free();
    preview = new Preview();
  },
  loadSource: (name, bytes) => current().loadSource(name, bytes),
  loadTarget: (bytes) => current().loadTarget(bytes),
  configure: (schema, settings) => current().configure(schema, settings),
  plan: () => current().plan(),
  find: (action, text) => current().find(action, text),
  rows: (indexes) => current().rows(indexes),
  operation: (index) => current().operation(index),
  planJson: () => current().planJson(),
  schemaJson: () => current().schemaJson(),
};

function current(): Preview {
  preview ??= new Preview();
  return preview;
}

self.onmessage = async ({ data }: MessageEvent<{ id: number; name: keyof Calls; args: unknown[] }>) => {
  try {
    await ready;
    const call = calls[data.name] as (...args: unknown[]) => unknown;
    self.postMessage({ id: data.id, value: call(...data.args) });
  } catch (error) {
    self.postMessage({ id: data.id, fault: String(error) });
  }
};
