import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { file } from "./files.js";

/** About the size of each file, in bytes. */
const size = 4_000_000;

/** Memory that reading a file may take, per byte of the file: numbers of a shape take 8 bytes for 2, and lists grow by copying. */
const bytesPerByte = 32;

const many = (length: number, text: (i: number) => string) =>
  Array.from({ length }, (_, i) => text(i)).join();
const tensor = (fields: string) => `{"dtype":"F32",${fields}}`;
const empty = tensor('"shape":[0],"data_offsets":[0,0]');

/** Headers that make the reader hold as much as they can, or repeat what it does most often. */
const headers: Record<string, string> = {
  "many tensors": `{${many(size / 58, (i) => `"${i}":${empty}`)}}`,
  "many texts": `{"__metadata__":{${many(size / 12, (i) => `"${i}":""`)}}}`,
  "many axes": `{"a":${tensor(`"shape":[0${",0".repeat(size / 2)}],"data_offsets":[0,0]`)}}`,
  "many offsets": `{"a":${tensor(`"shape":[0],"data_offsets":[0${",0".repeat(size / 2)}]`)}}`,
  "many fields": `{"a":{${many(size / 12, (i) => `"x${i}":1`)}}}`,
  "a long name": `{"${"\\u0001".repeat(size / 6)}":${empty}}`,
  "a long number": `{"a":${tensor(`"shape":[${"1".repeat(size)}]`)}}`,
  "lists in lists": "[".repeat(size),
  "objects in objects": '{"a":'.repeat(size / 5),
  "escapes without an end": `{"${"\\\\".repeat(size / 2)}`,
  "white space": `{}${" ".repeat(size)}`,
};

const folder = mkdtempSync(join(tmpdir(), "longspan-hostile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Reads a file in a process of its own and prints what came of it, in how many seconds, and by how much its memory grew. */
const reader = `
  import { readFileSync } from "node:fs";
  import { decodeSafetensors, WeightFileError } from "longspan";
  const bytes = new Uint8Array(readFileSync(process.argv[1]));
  const memory = process.resourceUsage().maxRSS;
  let outcome = "read";
  try {
    decodeSafetensors(bytes);
  } catch (error) {
    outcome = error instanceof WeightFileError ? "refused" : String(error);
  }
  const growth = 1024 * (process.resourceUsage().maxRSS - memory);
  console.log(JSON.stringify({ outcome, growth, cpu: process.cpuUsage().user / 1e6 }));
`;

for (const [name, header] of Object.entries(headers))
  it(`a file of ${name} takes memory and time in proportion to its size`, () => {
    const bytes = file(header);
    const path = join(folder, "file");
    writeFileSync(path, bytes);
    const heap = Math.ceil((bytesPerByte * bytes.length) / 2 ** 20);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [`--max-old-space-size=${heap}`, "--input-type=module", "--eval", reader, path],
      { cwd: fileURLToPath(new URL(".", import.meta.url)), encoding: "utf8" },
    );
    expect(status, stderr).toBe(0);
    const { outcome, growth, cpu } = JSON.parse(stdout) as { outcome: string; growth: number; cpu: number };
    expect(outcome).toBe(
      ["many tensors", "many texts", "many axes", "a long name", "white space"].includes(name)
        ? "read"
        : "refused",
    );
    expect(growth).toBeLessThan(bytesPerByte * bytes.length);
    expect(cpu).toBeLessThan(10);
  });
