import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { runCells } from "longspan";
import { afterAll, describe, expect, it } from "vitest";
import { Failure } from "../../src/failure.js";
import { trainTextSettings } from "../../src/jobs/text/settings.js";
import { readSettingsFile } from "../../src/settings/settings-file.js";
import { freshFolder } from "../command.js";
import { failureOf, writerIn } from "./fixture.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const write = writerIn(folder);
const read = (path: string) => readSettingsFile(trainTextSettings, path);

/** What is wrong, the file, the message after the path. */
const wrong: [string, string | Uint8Array, string][] = [
  ["an unknown name", "hiden: 3\n", ', line 1, column 1: unknown setting "hiden" (did you mean hidden?)'],
  [
    "a name in camel case",
    "# sizes\nlr: 1e-3\nweightDecay: 0.1\n",
    ', line 3, column 1: unknown setting "weightDecay" (did you mean weight-decay?)',
  ],
  ["a name like no other", "constructor: 3", ', line 1, column 1: unknown setting "constructor"'],
  [
    "a name twice",
    "hidden: 3\nlayers: 2\nhidden: 3\n",
    ", line 3, column 1: hidden is given twice, first in line 1",
  ],
  [
    "a number out of range",
    "  hidden: 0\n",
    ", line 1, column 11: hidden is 0, expected a whole number from 1 to 4096",
  ],
  ["a fraction", "hidden: 1.5", ", line 1, column 9: hidden is 1.5, expected a whole number from 1 to 4096"],
  [
    "a number too large to be exact",
    "seed: 99999999999999999999",
    ", line 1, column 7: seed is 99999999999999999999, expected a whole number",
  ],
  ["an infinite number", "lr: .inf", ", line 1, column 5: lr is .inf, expected a number above 0"],
  [
    "a number in quotes",
    'hidden: "3"',
    ', line 1, column 9: hidden is "3", expected a whole number from 1 to 4096; write it without quotes',
  ],
  [
    "a word for a number",
    "clip: off",
    ', line 1, column 7: clip is "off", expected a number above 0, or none',
  ],
  [
    "an unknown choice",
    "layers: 2\ncell: lstn",
    `, line 2, column 7: cell is "lstn", expected one of ${runCells.join(", ")}, or a module such as ./mine.mjs (did you mean lstm?)`,
  ],
  ["a word for a truth value", "json: yes", ', line 1, column 7: json is "yes", expected true or false'],
  ["a number for a text", "out: 2024", ", line 1, column 6: out is 2024, expected a text; put it in quotes"],
  ["an empty text", 'out: ""', ', line 1, column 6: out is "", expected a text'],
  ["no value", "lr: 1\nclip:\n", ", line 2, column 1: clip has no value, expected a number above 0, or none"],
  [
    "a list for a value",
    "hidden: [1, 2]",
    ", line 1, column 9: hidden is a list, expected a whole number from 1 to 4096",
  ],
  [
    "a group for a value",
    "lr:\n  peak: 3\n",
    ", line 2, column 3: lr is a group of settings, expected a number above 0",
  ],
  [
    "a setting of the command line",
    "resume: true",
    ", line 1, column 1: resume belongs on the command line, as --resume",
  ],
  ["a tab", "hidden: 3\nlr:\n\t2", ", line 3, column 1: Tabs are not allowed as indentation"],
  ["an open quote", 'out: "runs', ', line 1, column 11: Missing closing "quote'],
  [
    "a list at the top",
    "- hidden: 3",
    ', line 1, column 1: expected settings such as "hidden: 128", found a list',
  ],
  [
    "a text at the top",
    "hidden 3",
    ', line 1, column 1: expected settings such as "hidden: 128", found "hidden 3"',
  ],
  ["a list for a name", "? [a]\n: 3", ", line 1, column 3: the name of a setting must be a plain word"],
  [
    "two documents",
    "hidden: 3\n---\nhidden: 4",
    ", line 2, column 1: a second document begins here; a file of settings has one",
  ],
  [
    "a tag that builds objects",
    "hidden: !!js/function 3",
    ", line 1, column 9: Unresolved tag: tag:yaml.org,2002:js/function",
  ],
  [
    "an alias",
    "hidden: &a 3\nfeatures: *a",
    ", line 2, column 11: features is an alias, *a; write the value itself",
  ],
  ["a merge", "<<: {lr: 1}", ', line 1, column 1: unknown setting "<<"'],
  [
    "lists nested too deeply",
    `lr: 1\nhidden: ${"[".repeat(60_000)}`,
    ", line 2, column 28: lists or groups are nested too deeply",
  ],
  ["nothing", "", ' holds no settings; expected lines such as "hidden: 128"'],
  ["comments only", "# hidden: 3\n", ' holds no settings; expected lines such as "hidden: 128"'],
  [
    "bytes that are not UTF-8",
    new Uint8Array([0x6c, 0x72, 0xff]),
    ": not UTF-8: byte 2: 0xFF occurs in no character",
  ],
  [
    "a text given by mistake",
    "It was a dark night.\n".repeat(5000),
    " is too long for a file of settings: it has more than 65536 bytes",
  ],
];

describe("readSettingsFile", () => {
  it("reads every kind of value and tells where each name stands", () => {
    const path = write(
      "# a comment\nhidden: 64\nlr: 2e-3\r\n\ncell: gru # another\nclip: none\ntensorboard: true\n'out': runs/a b\n",
    );
    expect([...read(path)]).toEqual([
      ["hidden", { value: 64, path, line: 2, column: 1 }],
      ["lr", { value: 0.002, path, line: 3, column: 1 }],
      ["cell", { value: "gru", path, line: 5, column: 1 }],
      ["clip", { value: null, path, line: 6, column: 1 }],
      ["tensorboard", { value: true, path, line: 7, column: 1 }],
      ["out", { value: "runs/a b", path, line: 8, column: 1 }],
    ]);
  });

  it("takes braces, other bases, a byte order mark and names with dashes", () => {
    const path = write('\ufeff{ "weight-decay": 0.5, seed: -1, features: 0x10 }');
    expect([...read(path)].map(([key, { value }]) => [key, value])).toEqual([
      ["weightDecay", 0.5],
      ["seed", -1],
      ["features", 16],
    ]);
  });

  it.each(wrong)("%s: one line that says where and what", (_, contents, message) => {
    const path = write(contents);
    const found = failureOf(() => read(path)).message;
    expect(found.startsWith(path)).toBe(true);
    expect(found.slice(path.length)).toEqual(message);
  });

  it("a file that cannot be read", () => {
    expect(failureOf(() => read("no such.yaml")).message).toBe(
      "cannot read no such.yaml: no such file or folder",
    );
    mkdirSync(join(folder, "a folder"));
    expect(failureOf(() => read(join(folder, "a folder"))).message).toMatch(/a folder: it is a folder$/);
  });

  it("a bomb of aliases takes neither time nor memory", () => {
    let bomb = "a0: &a0 [lol]\n";
    for (let i = 1; i < 40; i++) bomb += `a${i}: &a${i} [${`*a${i - 1},`.repeat(10)}]\n`;
    const begin = performance.now();
    expect(failureOf(() => read(write(`hidden: 3\n${bomb}`))).message).toContain('unknown setting "a0"');
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it("whatever a file holds, there are settings or one failure in one line", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ..."[]{}:,-?&*!|>'\"%@`#\n\t ".split(""),
        "hidden",
        ": ",
        "\n- ",
        "3",
        "none",
        "---\n",
        "<<",
      ),
      fc.string({ maxLength: 4, unit: "binary" }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const path = write(pieces.join(""));
        try {
          read(path);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 500 },
    );
  });
});
