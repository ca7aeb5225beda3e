// How much memory the Worker's wasm holds: taken note of when it is instantiated, so this module comes first.
const instances = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = new Proxy(Instance, {
  construct(target, given, receiver) {
    const instance = Reflect.construct(target, given, receiver === WebAssembly.Instance ? target : receiver);
    instances.push(instance);
    return instance;
  },
});

/** Bytes of the wasm's memory, which never shrinks. */
export const memory = () => instances.at(-1)?.exports.memory?.buffer.byteLength ?? 0;
