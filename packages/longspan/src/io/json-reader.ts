import { decodeUtf8, hasLoneSurrogate } from "./utf8.js";
import { quote, WeightFileError, type WeightFileProblem } from "./weight-file-error.js";

const code = (character: string) => character.charCodeAt(0);
const [space, tab, newline, carriageReturn] = [code(" "), code("\t"), code("\n"), code("\r")];
const [quoteMark, backslash, zero, nine] = [code('"'), code("\\"), code("0"), code("9")];

/** 2^53 - 1 has 16 digits. */
const mostDigits = 16;

/**
 * Reads the part of JSON that a safetensors header consists of, from bytes, so that every error can say at which byte.
 * Unlike JSON.parse it refuses a key that occurs twice, and `__proto__` is a name like others.
 */
export class JsonReader {
  /** The tensor being read about, for messages. */
  tensor: string | undefined;

  constructor(
    private readonly bytes: Uint8Array,
    private position: number,
    private readonly end: number,
  ) {}

  /** An object: `read` is called after each key and must take the value. */
  object(read: (key: string, offset: number) => void): void {
    const seen = new Set<string>();
    this.list("{", "}", () => {
      const offset = this.skipSpace();
      const key = this.string("a name");
      if (seen.has(key)) this.fail({ offset, expected: "every name once", found: `${quote(key)} again` });
      seen.add(key);
      this.take(":");
      read(key, offset);
    });
  }

  /** An object, or null in its place, for which nothing is read. */
  objectOrNull(read: (key: string, offset: number) => void): void {
    const at = this.skipSpace();
    const isNull = [..."null"].every((c, i) => at + i < this.end && this.bytes[at + i] === code(c));
    if (isNull) this.position = at + 4;
    else if (this.peek() === "{") this.object(read);
    else this.fail({ expected: '"{" or null', found: this.here() });
  }

  /** A list of integers that are not negative. */
  integers(): number[] {
    const out: number[] = [];
    this.list("[", "]", () => out.push(this.integer()));
    return out;
  }

  /** A string; `expected` says what for. */
  string(expected: string): string {
    const begin = this.skipSpace();
    if (this.bytes[begin] !== quoteMark || begin >= this.end) this.fail({ expected, found: this.here() });
    let i = begin + 1;
    while (i < this.end && this.bytes[i] !== quoteMark) i += this.bytes[i] === backslash ? 2 : 1;
    if (i >= this.end)
      this.fail({ offset: begin, expected: `${expected}, closed by a quote`, found: "no closing quote" });
    this.position = i + 1;
    let text: string;
    try {
      text = decodeUtf8(this.bytes.subarray(begin, i + 1));
    } catch {
      return this.fail({ offset: begin, expected: `${expected} in UTF-8`, found: "bytes that are not" });
    }
    try {
      text = JSON.parse(text) as string;
    } catch {
      return this.fail({ offset: begin, expected: `${expected} as a JSON string`, found: quote(text) });
    }
    if (hasLoneSurrogate(text))
      this.fail({ offset: begin, expected: `${expected} in Unicode`, found: "half of a surrogate pair" });
    return text;
  }

  /** Nothing but white space up to the end. */
  finish(): void {
    if (this.skipSpace() < this.end) this.fail({ expected: "the end of the header", found: this.here() });
  }

  fail(problem: WeightFileProblem): never {
    const { offset = this.position, tensor = this.tensor, expected, found } = problem;
    throw new WeightFileError({ offset, expected, found, ...(tensor === undefined ? {} : { tensor }) });
  }

  private integer(): number {
    const begin = this.skipSpace();
    let i = begin;
    while (i < this.end && this.bytes[i]! >= zero && this.bytes[i]! <= nine) i += 1;
    const expected = "an integer of at least 0 and below 2^53";
    if (i === begin) this.fail({ expected, found: this.here() });
    const digits = i - begin;
    const value = digits > mostDigits ? Number.POSITIVE_INFINITY : this.valueBetween(begin, i);
    if (!Number.isSafeInteger(value)) this.fail({ expected, found: `one of ${digits} digits` });
    if (digits > 1 && this.bytes[begin] === zero) this.fail({ expected, found: "a leading zero" });
    this.position = i;
    return value;
  }

  private valueBetween(begin: number, end: number): number {
    let value = 0;
    for (let i = begin; i < end; i++) value = 10 * value + (this.bytes[i]! - zero);
    return value;
  }

  private list(open: "{" | "[", close: "}" | "]", item: () => void): void {
    this.take(open);
    if (this.peek() !== close) {
      item();
      while (this.peek() === ",") {
        this.take(",");
        item();
      }
    }
    this.take(close, `"," or "${close}"`);
  }

  private peek(): string {
    const at = this.skipSpace();
    return at < this.end ? String.fromCharCode(this.bytes[at]!) : "";
  }

  private take(character: string, expected = `"${character}"`): void {
    if (this.peek() !== character) this.fail({ expected, found: this.here() });
    this.position += 1;
  }

  private skipSpace(): number {
    while (this.position < this.end) {
      const c = this.bytes[this.position];
      if (c !== space && c !== newline && c !== tab && c !== carriageReturn) break;
      this.position += 1;
    }
    return this.position;
  }

  private here(): string {
    if (this.position >= this.end) return "the end of the header";
    const c = this.bytes[this.position]!;
    return c > 0x20 && c < 0x7f
      ? `"${String.fromCharCode(c)}"`
      : `the byte 0x${c.toString(16).padStart(2, "0")}`;
  }
}
