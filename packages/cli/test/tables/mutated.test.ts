import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { openTable, TableError } from "../../src/tables/index.js";
import { freshFolder } from "../command.js";
import { mutated } from "./mutations.js";

// More of them: LONGSPAN_MUTATIONS=33334 npx vitest run packages/cli/test/tables/mutated.test.ts
const count = Number(process.env.LONGSPAN_MUTATIONS ?? 400);
const { path: folder, remove } = freshFolder();
afterAll(remove);

const interesting = [0x22, 0x2c, 0x0a, 0x0d, 0x7b, 0x7d, 0x5c, 0, 0xff, 0xef, 0x80];

/** The rows of a file, or the error. Any other error is thrown. */
async function outcome(
  path: string,
): Promise<{ readonly rows: unknown[][] } | { readonly error: TableError }> {
  try {
    const table = await openTable(path);
    const rows: unknown[][] = [];
    for await (const row of table.rows()) rows.push(table.columns.map((name) => row.value(name)));
    return { rows: [[...table.columns], ...rows] };
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    expect(error.message).not.toMatch(/[\r\n]/);
    expect(error.message.startsWith(path)).toBe(true);
    return { error };
  }
}

async function eachOf(
  name: string,
  original: Uint8Array,
  check: (found: Awaited<ReturnType<typeof outcome>>, bytes: Uint8Array) => void,
) {
  const path = join(folder, name);
  let read = 0;
  for (let k = 0; k < count; k++) {
    const bytes = mutated(original, k, interesting);
    writeFileSync(path, bytes);
    const found = await outcome(path);
    if ("rows" in found) read += 1;
    try {
      check(found, bytes);
    } catch (error) {
      throw new Error(
        `mutation ${k} of ${name}, ${JSON.stringify(Buffer.from(bytes).toString("latin1"))}: ${(error as Error).message}`,
      );
    }
  }
  // Both happen, or nothing was tried.
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(count);
}

/** RFC 4180 character by character, slowly; null where it is broken. */
function rfc4180(text: string): string[][] | null {
  const rows: string[][] = [];
  let [row, field, at]: [string[], string, number] = [[], "", 0];
  if (text.startsWith("\ufeff")) at = 1;
  const endOfLine = (k: number) => (text[k] === "\n" ? 1 : text[k] === "\r" && text[k + 1] === "\n" ? 2 : 0);
  while (at < text.length) {
    if (text[at] === '"' && field === "") {
      at += 1;
      for (;;) {
        if (at >= text.length) return null;
        if (text[at] === '"' && text[at + 1] === '"') [field, at] = [`${field}"`, at + 2];
        else if (text[at] === '"') break;
        else [field, at] = [field + text[at], at + 1];
      }
      at += 1;
      if (at < text.length && text[at] !== "," && endOfLine(at) === 0) return null;
    } else {
      while (at < text.length && text[at] !== "," && endOfLine(at) === 0) {
        if (text[at] === '"') return null;
        [field, at] = [field + text[at], at + 1];
      }
    }
    row.push(field);
    field = "";
    if (at >= text.length) break;
    if (text[at] === ",") {
      at += 1;
      if (at === text.length) row.push("");
      continue;
    }
    at += endOfLine(at);
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

describe("files that were damaged", () => {
  it("of separated values are read as RFC 4180 says, or refused", async () => {
    const text = 'id,note,y\r\na,"x, ""y""",1\nb,"two\nlines",2.5\n\nc,é 🙂,NA\n"d",plain,-3e2\n';
    await eachOf("a.csv", new TextEncoder().encode(text), (found, bytes) => {
      const expected = rfc4180(Buffer.from(bytes).toString("utf8"));
      if ("error" in found) return;
      expect(expected).not.toBeNull();
      const [head, ...rows] = expected!.filter((row) => !(row.length === 1 && row[0] === ""));
      const width = head!.length;
      // A table with one column has missing values where lines are empty; other separators may be found.
      if (width === 1 || /[;\t]/.test(head!.join())) return;
      expect(found.rows).toEqual([
        head!.map((name) => name.trim()),
        ...rows.map((row) => row.map((cell) => (cell === "" ? undefined : cell))),
      ]);
    });
  });

  it("of JSON lines are what JSON.parse makes of each line, or refused", async () => {
    const text =
      '{"id":"a somewhat longer text","y":1}\n{"id":"b, of which letters change","y":[2,{"z":null}]}\n\n{"id":"é 🙂","y":-3e2}\n';
    await eachOf("a.jsonl", new TextEncoder().encode(text), (found, bytes) => {
      if ("error" in found) return;
      const lines = Buffer.from(bytes)
        .toString("utf8")
        .replace(/^\ufeff/, "")
        .split("\n")
        .filter((line) => line.trim() !== "");
      const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const columns = Object.keys(objects[0]!);
      const blank = (value: unknown) => (value === null || value === "" ? undefined : value);
      expect(found.rows).toEqual([
        columns,
        ...objects.map((object) =>
          columns.map((name) => blank(Object.hasOwn(object, name) ? object[name] : undefined)),
        ),
      ]);
    });
  });

  it("of Parquet have as many rows as they say, of plain values, or are refused", async () => {
    const bytes = new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "id", data: ["a", "b", "c", "a", "b", "c"], type: "STRING" },
          { name: "y", data: [1, 2.5, null, 4, 5, 6], type: "DOUBLE" },
          { name: "n", data: [1, 2, 3, 4, 5, 6], type: "INT32" },
        ],
      }),
    );
    await eachOf("a.parquet", bytes, (found) => {
      if ("error" in found) return;
      for (const value of found.rows.flat())
        expect(["string", "number", "boolean", "undefined", "object"]).toContain(typeof value);
    });
  });
});
