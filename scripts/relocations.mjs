// What a linked wasm says of its data, when it was linked with `--emit-relocs`: where each
// object lies, and which refer to which. Tool conventions, Linking.md.
const MEMORY_ADDRESS = { LEB: 3, SLEB: 4, I32: 5 };
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 13, 14, 15, 16, 17, 22, 23]);
const UNDEFINED = 0x10;
const EXPLICIT_NAME = 0x40;

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  number(signed = false) {
    let [value, shift, byte] = [0, 0];
    do {
      byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte & 128);
    return signed && byte & 64 ? value - 2 ** shift : value;
  }
  text() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
}

/** Where each section is, custom ones by their names, others by their numbers. */
function sectionsOf(wasm) {
  const reader = new Reader(wasm, 8);
  const sections = new Map();
  while (reader.at < wasm.length) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.number();
    const from = reader.at;
    const name = id === 0 ? reader.text() : String(id);
    sections.set(name, { start, from, body: reader.at, to: from + size });
    reader.at = from + size;
  }
  return sections;
}

/** The wasm without what `--emit-relocs` added, which no longer fits once wasm-bindgen was there. */
export function withoutRelocations(wasm) {
  const kept = [...sectionsOf(wasm)].filter(([name]) => name !== "linking" && !name.startsWith("reloc."));
  return Buffer.concat([wasm.subarray(0, 8), ...kept.map(([, { start, to }]) => wasm.subarray(start, to))]);
}

/**
 * The data's bytes by address, and its objects in order: `{ from, to, names, refers }`, where `refers`
 * holds the numbers of others; `fixed` is true for what may be reached by an address outside of it,
 * and for what may be written.
 */
export function dataOf(wasm) {
  const sections = sectionsOf(wasm);
  const reader = new Reader(wasm);
  const section = (name) => {
    const found = sections.get(name);
    if (!found) throw new Error(`the wasm has no section \`${name}\`; link it with --emit-relocs`);
    return found;
  };

  const segments = [];
  const data = section("11");
  reader.at = data.from;
  for (let count = reader.number(); count > 0; count--) {
    if (reader.number() !== 0 || reader.byte() !== 0x41) throw new Error("a data segment is not active");
    const address = reader.number(true);
    reader.byte();
    const size = reader.number();
    segments.push({ address, bytes: wasm.subarray(reader.at, reader.at + size), at: reader.at - data.from });
    reader.at += size;
  }

  const symbols = [];
  const linking = section("linking");
  reader.at = linking.body;
  reader.number();
  while (reader.at < linking.to) {
    const kind = reader.number();
    const end = reader.number() + reader.at;
    if (kind === 8)
      for (let count = reader.number(); count > 0; count--) symbols.push(symbol(reader, segments));
    reader.at = end;
  }

  // Objects that overlap are one.
  const units = [];
  const placed = symbols.filter((one) => one.from !== undefined && one.to > one.from);
  for (const one of placed.sort((a, b) => a.from - b.from)) {
    const last = units.at(-1);
    if (last && one.from < last.to) last.to = Math.max(last.to, one.to);
    else units.push({ from: one.from, to: one.to, refers: new Set(), fixed: false });
    one.unit = units.length - 1;
  }
  const unitAt = (address) => {
    let [low, high] = [0, units.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (units[middle].to > address) high = middle;
      else low = middle + 1;
    }
    return units[low]?.from <= address ? low : undefined;
  };
  for (const { address } of segments.slice(1)) {
    for (const unit of units) if (unit.from >= address) unit.fixed = true;
  }

  for (const name of ["reloc.CODE", "reloc.DATA"]) {
    const { body } = section(name);
    reader.at = body;
    reader.number();
    for (let count = reader.number(); count > 0; count--) {
      const type = reader.byte();
      const offset = reader.number();
      const to = symbols[reader.number()];
      const addend = WITH_ADDEND.has(type) ? reader.number(true) : 0;
      if (!Object.values(MEMORY_ADDRESS).includes(type) || to.unit === undefined) continue;
      if (addend < 0 || addend >= to.to - to.from) units[to.unit].fixed = true;
      if (name !== "reloc.DATA") continue;
      const held = segments.findLast(({ at }) => at <= offset);
      const from = unitAt(held.address + offset - held.at);
      if (from !== undefined) units[from].refers.add(to.unit);
    }
  }
  return { segments, units, unitAt };
}

function symbol(reader, segments) {
  const kind = reader.byte();
  const flags = reader.number();
  if (kind === 1) {
    reader.text();
    if (flags & UNDEFINED) return {};
    const { address } = segments[reader.number()];
    const from = address + reader.number();
    return { from, to: from + reader.number() };
  }
  reader.number();
  if (kind !== 3 && (!(flags & UNDEFINED) || flags & EXPLICIT_NAME)) reader.text();
  return {};
}
