// Weighs what is shipped against budgets.json and prints the table: in brotli's highest quality, or
// as it is where a budget says `raw`.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const budgets = JSON.parse(readFileSync("budgets.json", "utf8"));

/** All files below a folder, or the file itself. */
function files(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** A page and what it names: its scripts, those that they begin with, and its styles. */
function shell(page) {
  const named = readFileSync(page, "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g);
  return [page, ...[...named].map(([, file]) => join(dirname(page), file))];
}

const weight = (bytes, raw) => (raw ? bytes : brotliCompressSync(bytes)).length;
const kib = (bytes) => (bytes / 1024).toFixed(1).padStart(8);
let over = 0;
console.log("     size   budget  what (KiB, brotli)");
for (const { name, page, folder, match, raw, kib: limit } of budgets) {
  const found = page
    ? existsSync(page)
      ? shell(page)
      : []
    : files(folder).filter((file) => new RegExp(match).test(file));
  const size = found.reduce((total, file) => total + weight(readFileSync(file), raw), 0);
  const fault =
    found.length === 0 ? "  no such file: build first" : size > limit * 1024 ? "  over budget" : "";
  if (fault) over += 1;
  console.log(`${kib(size)} ${kib(limit * 1024)}  ${name}${fault}`);
}
process.exitCode = over ? 1 : 0;
