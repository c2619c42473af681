import { decodeUtf8 } from "../utf8.js";
import { WeightFileError } from "../weight-file-error.js";

/** The bytes of a pickle, read from the first to the last. */
export class PickleBytes {
  /** Bytes that were read. */
  at = 0;
  readonly view: DataView;

  /** @param base where the pickle begins in its file, for messages */
  constructor(
    private readonly bytes: Uint8Array,
    readonly base: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.bytes[this.take(1)]!;
  }

  /** Where `count` bytes begin that are read now. */
  take(count: number): number {
    const from = this.at;
    if (from + count > this.bytes.length)
      throw this.problem(`${count} bytes more of the pickle`, `${this.bytes.length - from}`, from);
    this.at = from + count;
    return from;
  }

  length(width: 4 | 8): number {
    const from = this.take(width);
    const low = this.view.getUint32(from, true);
    return width === 4 ? low : low + 2 ** 32 * this.view.getUint32(from + 4, true);
  }

  some(length: number): Uint8Array {
    const from = this.take(length);
    return this.bytes.subarray(from, from + length);
  }

  text(length: number): string {
    const from = this.at;
    try {
      return decodeUtf8(this.some(length));
    } catch (error) {
      if (error instanceof WeightFileError) throw error;
      throw this.problem("a text in UTF-8", "other bytes", from);
    }
  }

  line(): string {
    const from = this.at;
    const end = this.bytes.indexOf(0x0a, from);
    if (end < 0) throw this.problem("a line", "no end of it", from);
    const text = this.text(end - from);
    this.take(1);
    return text;
  }

  /** A whole number of some bytes, little endian, the last bit of which is its sign. */
  long(length: number): number | bigint {
    const bytes = this.some(length);
    if (length > 64) throw this.problem("a number of at most 64 bytes", `${length} bytes`);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    if (length > 0 && bytes[length - 1]! >= 128) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  problem(expected: string, found: string, at = this.at): WeightFileError {
    return new WeightFileError({ offset: this.base + at, expected, found });
  }
}
