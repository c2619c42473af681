import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { openTable, textLines } from "../../src/tables/index.js";
import { freshFolder } from "../command.js";
import { fileIn, messageOf, valuesOf } from "./files.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const file = fileIn(folder);

describe("a file of JSON lines", () => {
  it("is read by the names of its first object", async () => {
    const text = '\ufeff{"a":1,"tokens":["x","y"]}\r\n\n{"tokens":[],"a":null,"more":2}\n{"a":"NA"}';
    const path = file("a.jsonl", text);
    expect(await valuesOf(path)).toEqual([
      [1, 1, ["x", "y"]],
      [3, undefined, []],
      [4, "NA", undefined],
    ]);
    const table = await openTable(file("no-ending", text));
    expect([table.format, table.columns]).toEqual(["jsonl", ["a", "tokens"]]);
    const found: unknown[] = [];
    for await (const row of table.rows()) found.push(row.number("a"));
    expect(found).toEqual([1, null, null]);
  });

  it("says in one line what is wrong", async () => {
    expect(await messageOf(file("f.jsonl", '{"a":1}\n{"a":}\n'))).toMatch(
      /^f\.jsonl, line 2: not JSON: Unexpected token .*; each line has to be one JSON object$/,
    );
    expect(await messageOf(file("f.jsonl", "[1]\n"))).toBe(
      'f.jsonl, line 1: a list, expected a JSON object such as {"text": "..."}',
    );
    expect(await messageOf(file("f.jsonl", " \n"))).toBe("f.jsonl: there is no record in it");
    const table = await openTable(file("f.jsonl", '{"a":{"b":1}}\n'));
    for await (const row of table.rows()) {
      expect(() => row.text("a")).toThrow('f.jsonl, line 1, column "a": {"b":1}, expected a text');
      expect(() => row.text("constructor")).toThrow(
        'column "constructor": nothing stands here, expected a text',
      );
    }
  });

  it("goes on after bad lines, if asked to", async () => {
    const bad: (number | null)[] = [];
    const path = file("bad.jsonl", '{"a":1}\n{"a"\n3\n{"a":4}\n');
    expect(await valuesOf(path, { onBad: ({ line }) => bad.push(line) })).toEqual([
      [1, 1],
      [4, 4],
    ]);
    expect(bad).toEqual([2, 3]);
  });
});

describe("a Parquet file", () => {
  const parquet = (rows: number): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        rowGroupSize: 100,
        columnData: [
          { name: "id", data: Array.from({ length: rows }, (_, k) => `s${k % 3}`), type: "STRING" },
          { name: "n", data: Array.from({ length: rows }, (_, k) => BigInt(k)), type: "INT64" },
          {
            name: "y",
            data: Array.from({ length: rows }, (_, k) => (k === 1 ? null : k / 4)),
            type: "DOUBLE",
          },
          {
            name: "ds",
            data: Array.from({ length: rows }, (_, k) => new Date(k * 86_400_000)),
            type: "TIMESTAMP",
          },
        ],
      }),
    );

  it("is read group by group, whole numbers as numbers, times as text", async () => {
    const rows = await valuesOf(file("a.parquet", parquet(250)));
    expect(rows.length).toBe(250);
    expect(rows[1]).toEqual([2, "s1", 1, undefined, "1970-01-02T00:00:00.000Z"]);
    expect(rows[249]).toEqual([250, "s0", 249, 62.25, "1970-09-07T00:00:00.000Z"]);
    expect((await openTable(file("unnamed", parquet(3)))).format).toBe("parquet");
  });

  it("says in one line what is wrong", async () => {
    const bytes = parquet(50);
    expect(await messageOf(file("f.parquet", bytes.subarray(0, bytes.length - 9)))).toMatch(
      /^f\.parquet: not a whole Parquet file: /,
    );
    expect(await messageOf(file("f.parquet", "a,b\n1,2\n"))).toMatch(
      /^f\.parquet: not a whole Parquet file: /,
    );
    expect(await messageOf(file("f.parquet", ""))).toMatch(/^f\.parquet: not a whole Parquet file: /);
    expect(await messageOf("-", { format: "parquet" })).toBe(
      "standard input: a Parquet file is read from its end, which a pipe cannot; give its path",
    );
  });
});

describe("standard input", () => {
  it("is read once, as a table", () => {
    const entry = new URL("../../dist/tables/index.js", import.meta.url).href;
    const script = `import { openTable } from ${JSON.stringify(entry)};
const table = await openTable("-");
for await (const row of table.rows()) console.log(row.at, row.text("b"));
try { for await (const row of table.rows()) console.log(row.at); } catch (error) { console.log(error.message); }`;
    const path = `${folder}/read.mjs`;
    writeFileSync(path, script);
    const { stdout } = spawnSync(process.execPath, [fileURLToPath(`file://${path.replaceAll(" ", "%20")}`)], {
      input: "a,b\n1,2\n3,4\n",
      encoding: "utf8",
    });
    expect(stdout).toBe("2 2\n3 4\nstandard input: it can be read once only\n");
  });
});

describe("lines of a text", () => {
  it("come with their number, whatever their ends", async () => {
    const path = file("lines.txt", "\ufeffa\r\n\nb\nc");
    const lines: unknown[] = [];
    for await (const { text, at } of textLines(path)) lines.push([at, text]);
    expect(lines).toEqual([
      [1, "a"],
      [2, ""],
      [3, "b"],
      [4, "c"],
    ]);
  });
});
