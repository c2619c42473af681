import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { characterVocabulary, UnknownSymbolError, wordVocabulary } from "longspan";
import { afterAll, describe, expect, it } from "vitest";
import { encodeText } from "../src/jobs/text/encode-text.js";
import { openText } from "../src/jobs/text/text-file.js";
import { bin, freshFolder, jsonLines } from "./command.js";
import { failureOf } from "./settings/fixture.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const at = (name: string) => join(folder, name);
const file = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(at(name), contents);
  return at(name);
};
/** Words, line ends, runs, and characters of one to four bytes. */
const text = "Thé cat, the 🙂🙂 dog — don't!\r\n  the end...\n語".repeat(5);

describe("a text file", () => {
  for (const bytes of [1, 2, 3, 7, 64, 1000])
    it(`in parts of ${bytes} bytes is the text of the whole`, () => {
      const path = file("text.txt", text);
      const found = openText(path, bytes);
      expect(found.characters).toBe([...text].length);
      expect(found.sha256).toBe(createHash("sha256").update(text).digest("hex"));
      for (let k = 0; k < 2; k++) expect([...found.parts()].join("")).toBe(text);
      for (const part of found.parts()) expect(part.length).toBeLessThanOrEqual(bytes + 3);
      const characters = characterVocabulary(found.parts());
      expect(characters.symbols).toEqual(characterVocabulary(text).symbols);
      expect([...encodeText(found, characters).symbols]).toEqual([...characters.encode(text)]);
      const words = wordVocabulary(found.parts(), { size: 9 });
      expect(words.symbols).toEqual(wordVocabulary(text, { size: 9 }).symbols);
      expect([...encodeText(found, words).symbols]).toEqual([...words.encode(text)]);
    });

  it("is held in the smallest type that its numbers fit in", () => {
    const wide = Array.from({ length: 300 }, (_, k) => String.fromCodePoint(0x4e00 + k)).join("");
    const narrow = openText(file("narrow.txt", text));
    expect(encodeText(narrow, characterVocabulary(text)).symbols).toBeInstanceOf(Uint8Array);
    const many = openText(file("wide.txt", wide));
    expect(encodeText(many, characterVocabulary(wide)).symbols).toBeInstanceOf(Uint16Array);
  });

  it("names an unknown character by its place in the whole", () => {
    const found = openText(file("text.txt", "ab🙂ab🙂Zab"), 4);
    const known = characterVocabulary("ab🙂");
    expect(() => encodeText(found, known)).toThrow(UnknownSymbolError);
    expect(() => encodeText(found, known)).toThrow('the character "Z" (U+005A), character 6 of the text');
  });

  it("leaves out what is unknown, if asked to, and counts it", () => {
    const found = openText(file("text.txt", "🙂ab, so🙃 ab so ab\n"), 4);
    const encoded = encodeText(found, characterVocabulary("ab ,\n"), { skipUnknown: true });
    expect([...encoded.symbols].length).toBe(12);
    expect(encoded.skipped).toBe(6);
    const words = wordVocabulary("ab ab , ,", { minCount: 2 });
    expect(words.symbols).toEqual(["<unk>", " ,"]);
    expect(encodeText(found, words, { skipUnknown: true })).toEqual({
      symbols: new Uint8Array(0),
      skipped: words.encode("🙂ab, so🙃 ab so ab\n").length,
    });
  });

  it("may begin with a byte order mark, which does not count", () => {
    const found = openText(file("mark.txt", `\uFEFF${text}`), 2);
    expect(found.sha256).toBe(openText(file("text.txt", text)).sha256);
    expect(found.characters).toBe([...text].length);
  });

  it.skipIf(process.platform === "win32")("may come through a pipe, which is read once", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    const run = ["train", "text", "pipe", "--hidden", "4", "--features", "4", "--batch", "2", "--seq", "8"];
    const child = spawn(process.execPath, [bin, ...run, "--steps", "1", "--json"], { cwd: folder });
    let stdout = "";
    child.stdout.on("data", (bytes) => {
      stdout += bytes;
    });
    execFileSync("sh", ["-c", 'printf "%s" "$1" > "$2"', "sh", text, at("pipe")]);
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({ characters: { total: [...text].length } });
  });
});

describe("a text that is not UTF-8", () => {
  const utf16 = (text: string, bigEndian: boolean) => {
    const bytes = Buffer.from(text, "utf16le");
    return bigEndian ? bytes.swap16() : bytes;
  };
  const save = (name: string) => `save it as UTF-8, as with iconv -f ${name} -t UTF-8 OLD > NEW`;
  it.each([
    [
      "UTF-16 of plain letters, which would be UTF-8 too",
      utf16("the cat sat.\n", false),
      ` looks like UTF-16LE without a byte order mark; ${save("UTF-16LE")}`,
    ],
    [
      "the same with the bytes swapped",
      utf16("the cat sat.\n", true),
      ` looks like UTF-16BE without a byte order mark; ${save("UTF-16BE")}`,
    ],
    [
      "UTF-16 of other letters",
      utf16("сто лет одиночества\nгод за годом\n", false),
      ` looks like UTF-16LE without a byte order mark; ${save("UTF-16LE")}`,
    ],
    [
      "UTF-16 of letters that are no UTF-8",
      utf16(`${"百年の孤独".repeat(60)}\n\n`, true),
      `: not UTF-8: byte 9: 0xEC begins a character of 3 bytes, but byte 10 (0x76) does not continue it; it looks like UTF-16BE without a byte order mark: ${save("UTF-16BE")}`,
    ],
    [
      "UTF-32",
      Uint8Array.from([..."the cat"].flatMap((c) => [c.codePointAt(0)!, 0, 0, 0])),
      " is no text in UTF-8: 75 % of its bytes are 0",
    ],
    [
      "Windows-1252",
      Buffer.from("Un café crème, s'il vous plaît.\n", "latin1"),
      `: not UTF-8: byte 6: 0xE9 begins a character of 3 bytes, but byte 7 (0x20) does not continue it; it looks like Windows-1252 or Latin-1: ${save("WINDOWS-1252")}`,
    ],
    [
      "UTF-8 that was damaged",
      Buffer.concat([Buffer.from("Un café cr"), Buffer.of(0xe8), Buffer.from("me, s'il vous plaît.\n")]),
      ": not UTF-8: byte 11: 0xE8 begins a character of 3 bytes, but byte 12 (0x6D) does not continue it",
    ],
    [
      "an encoding of which most bytes are above 127",
      Uint8Array.from("ÓÔÏ ÌÅÔ ÏÄÉÎÏÞÅÓÔ×Á", (c) => c.charCodeAt(0)),
      ": not UTF-8: byte 0: 0xD3 begins a character of 2 bytes, but byte 1 (0xD4) does not continue it",
    ],
  ])("%s", (_, bytes, message) => {
    const path = file("other.txt", bytes);
    expect(failureOf(() => openText(path)).message).toBe(`${path}${message}`);
  });
});
