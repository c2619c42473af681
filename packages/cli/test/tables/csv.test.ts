import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { openTable, TableError } from "../../src/tables/index.js";
import { freshFolder } from "../command.js";
import { fileIn, messageOf, valuesOf } from "./files.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const file = fileIn(folder);

describe("a file of separated values", () => {
  it("is read with quotes, line breaks in fields, doubled quotes, a byte order mark and both ends of line", async () => {
    const text = '\ufeffid,"a ""b""",c\r\n1,"x,\r\ny",z\n\n2,"say ""no""",\r\n3,é 🙂,"last"';
    const path = file("a.csv", text);
    expect((await openTable(path)).columns).toEqual(["id", 'a "b"', "c"]);
    expect(await valuesOf(path)).toEqual([
      [2, "1", "x,\r\ny", "z"],
      [5, "2", 'say "no"', undefined],
      [6, "3", "é 🙂", "last"],
    ]);
    expect(await valuesOf(file("a.csv.gz", gzipSync(text)))).toEqual(await valuesOf(path));
  });

  it("is separated by what its first line has most of", async () => {
    expect(await valuesOf(file("semicolons.csv", "a;b\n1;2,5\n"))).toEqual([[2, "1", "2,5"]]);
    expect(await valuesOf(file("tabs.txt", "a\tb\n1\t2\n"))).toEqual([[2, "1", "2"]]);
    expect(await valuesOf(file("tabs.tsv", "a,x\tb\n1\t2\n"))).toEqual([[2, "1", "2"]]);
    expect(await valuesOf(file("bars.csv", "a|b\n1|2\n"), { delimiter: "|" })).toEqual([[2, "1", "2"]]);
  });

  it("needs no header", async () => {
    expect(await valuesOf(file("plain.csv", "1,2\n3,4\n"), { header: false })).toEqual([
      [1, "1", "2"],
      [2, "3", "4"],
    ]);
  });

  it("with one column has missing values where lines are empty", async () => {
    expect(await valuesOf(file("one.csv", "\ny\n1\n\n2\n\n\n"))).toEqual([
      [3, "1"],
      [4, undefined],
      [5, "2"],
    ]);
  });

  it("counts lines rightly where records span blocks", async () => {
    const long = "x".repeat(300_000);
    const rows = await valuesOf(file("long.csv", `a,b\n1,"${long}\n${long}"\n2,y\n3,"${long}"\n4,z\n`));
    expect(rows.map(([at, a]) => [at, a])).toEqual([
      [2, "1"],
      [4, "2"],
      [5, "3"],
      [6, "4"],
    ]);
    expect(rows[0]![2]).toBe(`${long}\n${long}`);
  });

  const faults: readonly (readonly [string, string | Uint8Array, string])[] = [
    ["an empty file", "", "f.csv: the file is empty"],
    ["nothing but a mark", "\ufeff", "f.csv: the file is empty"],
    ["empty lines only", "\n\n", "f.csv: there is no record in it"],
    ["a ragged row", "a,b\n1,2\n\n3\n", "f.csv, line 4: 1 field, expected 2 (a, b)"],
    ["a row with too much", 'a,b\n"1\n",2\n3,4,5\n', "f.csv, line 4: 3 fields, expected 2 (a, b)"],
    [
      "a name twice",
      "a,b,a\n1,2,3\n",
      'f.csv, line 1, column "a": two columns of the header have this name; rename one',
    ],
    ["no name", "a,,b\n1,2,3\n", "f.csv, line 1: column 2 of the header has no name"],
    [
      "a quote never closed",
      'a,b\n1,"x\n2,y\n',
      "f.csv, line 2: a quote is opened and never closed; close it, or double it if it is part of the text",
    ],
    [
      "text after a quote",
      'a,b\n1,2\n\n"x" y,2\n',
      'f.csv, line 4: text follows a closing quote; a quote within a quoted field is doubled, as in "the ""first"" one"',
    ],
    [
      "a quote within a field",
      'a,b\r\n1,"k\r\nl"\r\n1,5" disk\r\n',
      "f.csv, line 4: a quote stands within a field that does not begin with one; quote the whole field, and double the quotes within it",
    ],
    [
      "another encoding",
      Buffer.from("a,b\n1,2\nna\u00efve,3\n", "latin1"),
      "f.csv, line 3: not UTF-8: byte 10: 0xEF begins a character of 3 bytes, but byte 11 (0x76) does not continue it; it looks like Windows-1252 or Latin-1: save it as UTF-8, as with iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW",
    ],
    [
      "lone carriage returns",
      "a,b\r1,2\r",
      "f.csv, line 1: the lines end with lone carriage returns; save it with line feeds",
    ],
    [
      "a packed file cut short",
      gzipSync("a,b\n1,2\n".repeat(50)).subarray(0, 30),
      "f.csv: cannot be read: what gzip packed is damaged or cut short: unexpected end of file",
    ],
  ];
  for (const [name, contents, message] of faults)
    it(`says in one line what is wrong: ${name}`, async () => {
      expect(await messageOf(file("f.csv", contents))).toBe(message);
    });

  it("says that there is no such file, or that it is a folder", async () => {
    expect(await messageOf(`${folder}/none.csv`)).toBe("none.csv: cannot be read: no such file or folder");
    expect(await messageOf(folder, { format: "csv" })).toContain("cannot be read: it is a folder");
  });

  it("names the columns where one is missing", async () => {
    const table = await openTable(file("n.csv", "ds,value\n1,2\n"));
    expect(() => table.require("valeu")).toThrow(
      'n.csv: there is no column "valeu" (did you mean value?); the columns are "ds", "value"',
    );
  });

  it("goes on after bad records, if asked to", async () => {
    const bad: (number | null)[] = [];
    const path = file("bad.csv", 'a,b\n1,2\n3\n4,x"y\n"5" z,6\n7,8\n9,"10\n');
    const rows = await valuesOf(path, { onBad: (error) => bad.push(error.line) });
    expect(rows).toEqual([
      [2, "1", "2"],
      [6, "7", "8"],
    ]);
    expect(bad).toEqual([3, 4, 5, 7]);
  });

  it("gives numbers, missing ones as null, and refuses others", async () => {
    const cells = ["1", " -2.5e3 ", "", "NA", "NaN", "null", "3,5", "1,234.5", "12a", "Infinity", "0x10"];
    const table = await openTable(file("y.csv", `y\tz\n${cells.map((cell) => `${cell}\t.`).join("\n")}\n`));
    const found: unknown[] = [];
    for await (const row of table.rows()) {
      try {
        found.push(row.number("y"));
      } catch (error) {
        expect(error).toBeInstanceOf(TableError);
        found.push((error as TableError).what);
      }
    }
    const no = (text: string) => `"${text}" is no number; expected one, or nothing where it is missing`;
    expect(found).toEqual([
      1,
      -2500,
      null,
      null,
      null,
      null,
      '"3,5" is no number; decimals are written with a point, as in 3.14',
      '"1,234.5" is no number; leave out what separates the thousands',
      no("12a"),
      no("Infinity"),
      no("0x10"),
    ]);
  });
});
