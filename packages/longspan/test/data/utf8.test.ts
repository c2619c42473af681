import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, decodeUtf8Parts, Utf8Error } from "../../src/data/index.js";

function fault(bytes: readonly number[]): [offset: number, message: string] {
  try {
    decodeUtf8(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof Utf8Error) return [error.offset, error.message];
    throw error;
  }
  throw new Error("no error");
}

const a = "a".charCodeAt(0);

describe("valid bytes", () => {
  it("any well-formed text comes back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(!text.startsWith("\uFEFF"));
        expect(decodeUtf8(new TextEncoder().encode(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it("nothing gives nothing", () => {
    expect(decodeUtf8(new Uint8Array(0))).toBe("");
  });

  it("a byte order mark is left out at the beginning only", () => {
    const mark = [0xef, 0xbb, 0xbf];
    expect(decodeUtf8(Uint8Array.from([...mark, a]))).toBe("a");
    expect(decodeUtf8(Uint8Array.from([a, ...mark]))).toBe("a\uFEFF");
    expect(fault([...mark, a, 0xff])[0]).toBe(4);
  });
});

describe("the first byte of no character is named", () => {
  for (const [name, bytes, offset, words] of [
    [
      "a sequence cut short at the end",
      [a, 0xe2, 0x82],
      1,
      "0xE2 begins a character of 3 bytes, but the text ends after 2 of them",
    ],
    [
      "a lead byte at the end",
      [a, a, 0xc3],
      2,
      "0xC3 begins a character of 2 bytes, but the text ends after 1 of them",
    ],
    ["a sequence cut short by a letter", [a, 0xf0, 0x9f, a], 1, "but byte 3 (0x61) does not continue it"],
    [
      "Latin-1",
      [0x63, 0x61, 0x66, 0xe9, 0x20, a, a],
      3,
      "0xE9 begins a character of 3 bytes, but byte 4 (0x20) does not continue it",
    ],
    ["a continuation byte alone", [a, 0x80], 1, "0x80 continues a character, but none has begun"],
    ["two bytes for one of ASCII", [a, 0xc0, 0x80], 1, "an overlong form: 2 bytes for U+0000"],
    ["three bytes for one of two", [0xe0, 0x82, 0xa9], 0, "an overlong form: 3 bytes for U+00A9"],
    ["four bytes for one of three", [0xf0, 0x82, 0x82, 0xac], 0, "an overlong form: 4 bytes for U+20AC"],
    ["half of a surrogate pair", [a, a, 0xed, 0xa0, 0x80], 2, "U+D800 is half of a surrogate pair"],
    ["the other half", [0xed, 0xbf, 0xbf], 0, "U+DFFF is half of a surrogate pair"],
    ["above the last code point", [0xf4, 0x90, 0x80, 0x80], 0, "U+110000 lies above U+10FFFF"],
    ["a byte of no character", [a, 0xff, a], 1, "0xFF occurs in no character"],
    ["a lead byte of five", [0xf8, 0x88, 0x80, 0x80, 0x80], 0, "0xF8 occurs in no character"],
    ["UTF-16", [0xff, 0xfe, a, 0], 0, "the byte order mark of UTF-16; save the text as UTF-8"],
  ] as const)
    it(name, () => {
      const [found, message] = fault(bytes);
      expect(found).toBe(offset);
      expect(message).toContain(`not UTF-8: byte ${offset}: `);
      expect(message).toContain(words);
    });

  it("for any bytes: all before it is a text, and no more is", () => {
    const bytes = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom(0xc3, 0xe2, 0xed, 0xf0, 0xf4, 0x80, 0x90, 0xbf),
      ),
      { maxLength: 12 },
    );
    const isText = (bytes: Uint8Array) => {
      try {
        new TextDecoder("utf-8", { fatal: true }).decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(bytes, (list) => {
        const all = Uint8Array.from(list);
        if (isText(all)) {
          decodeUtf8(all);
          return;
        }
        const [offset] = fault(list);
        expect(isText(all.subarray(0, offset))).toBe(true);
        for (let end = offset + 1; end <= Math.min(all.length, offset + 4); end++)
          expect(isText(all.subarray(offset, end))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("bytes in parts", () => {
  /** The bytes cut at these places; one buffer holds the parts in turn, as when a file is read. */
  function* cut(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
    const buffer = new Uint8Array(bytes.length);
    const ends = [...new Set([...places.map((p) => p % (bytes.length + 1)), bytes.length])].sort(
      (x, y) => x - y,
    );
    let begin = 0;
    for (const end of ends) {
      buffer.set(bytes.subarray(begin, end));
      yield buffer.subarray(0, end - begin);
      buffer.fill(0xff);
      begin = end;
    }
  }
  const places = fc.array(fc.nat(40), { maxLength: 6 });

  it("give the text of the whole, and no part of it ends within a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), places, (text, at) => {
        const bytes = new TextEncoder().encode(text);
        const parts = [...decodeUtf8Parts(cut(bytes, at))];
        expect(parts.join("")).toBe(decodeUtf8(bytes));
        for (const part of parts) expect(/\p{Surrogate}/u.test(part)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("a byte order mark is left out at the beginning of the whole only", () => {
    const mark = [0xef, 0xbb, 0xbf];
    const bytes = Uint8Array.from([...mark, a, ...mark, a]);
    for (let at = 0; at < bytes.length; at++)
      expect([...decodeUtf8Parts(cut(bytes, [at]))].join("")).toBe("a\uFEFFa");
  });

  it("a fault has its place in the whole", () => {
    const bytes = fc.array(fc.constantFrom(a, 0xc3, 0xe2, 0xed, 0xf0, 0xf4, 0x80, 0x90, 0xbf), {
      maxLength: 12,
    });
    const messageOf = (f: () => unknown) => {
      try {
        f();
      } catch (error) {
        if (error instanceof Utf8Error) return error.message;
        throw error;
      }
      return null;
    };
    fc.assert(
      fc.property(bytes, places, (list, at) => {
        const all = Uint8Array.from(list);
        const [whole, parts] = [
          messageOf(() => decodeUtf8(all)),
          messageOf(() => [...decodeUtf8Parts(cut(all, at))]),
        ];
        // What does not continue a character that a part cut short is seen with the next part.
        expect(parts).toBe(whole);
      }),
      { numRuns: 2000 },
    );
  });
});
