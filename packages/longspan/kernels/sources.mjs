// What the kernels are built from, and where to: shared by the builds of the addon and of the WebAssembly modules.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodingHeader, instructionsHeader } from "./generate.mjs";

export const here = dirname(fileURLToPath(import.meta.url));
export const out = join(here, "..", "build");
/** The headers that are generated from the tables of the library as they were compiled. */
export const generated = join(out, "generated");
const tables = await import("../dist/lower/enumerations.js");
export const headers = { "encoding.h": encodingHeader(tables), "instructions.h": instructionsHeader(tables) };
export const sources = readdirSync(here, { recursive: true })
  .map((f) => f.replaceAll("\\", "/"))
  .filter((f) => /\.(h|cc|mjs)$/.test(f) && !/^(test|node-api)\//.test(f))
  .sort();

/** Tells whether anything changed that a build was made from; `unused` are the entries of the other kind of build. */
export function stampOf(text, unused) {
  const hash = createHash("sha256").update(text);
  for (const f of sources) if (!unused.includes(f)) hash.update(f).update(readFileSync(join(here, f)));
  for (const header of Object.values(headers)) hash.update(header);
  return hash.digest("hex");
}

/** Writes the generated headers, only where they changed. */
export function writeHeaders() {
  mkdirSync(generated, { recursive: true });
  for (const [name, text] of Object.entries(headers)) {
    const file = join(generated, name);
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  }
}

/** The line of a compiler's error that says most. */
export function reasonOf(error) {
  const lines = String(error.stderr || error.message).split("\n");
  return (lines.find((l) => /error/i.test(l)) ?? lines[0]).trim();
}
