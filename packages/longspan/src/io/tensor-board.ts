import { check, checkSettings, finite, integer, isRecord, kind, number } from "../check/index.js";
import { crc32c } from "./crc.js";
import { encodeUtf8, hasLoneSurrogate } from "./utf8.js";
import { quote } from "./weight-file-error.js";

/** What is shown in TensorBoard at one step. */
export interface TensorBoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** A whole number, also below 0. */
  readonly step: number;
  /** Values by tag; a `/` in a tag makes groups of charts. Stored as float32; NaN and infinities are allowed. */
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * The record that a TensorBoard event file begins with: the version of the format.
 *
 * The file's name has to contain `tfevents`; usual is `events.out.tfevents.SECONDS.HOST`.
 *
 * @param wallTime seconds since 1970.
 * @throws RangeError if the time is not finite.
 * @example tensorBoardHeader(1700000000).length // 40
 */
export function tensorBoardHeader(wallTime: number): Uint8Array {
  check("tensorBoardHeader", "wallTime", wallTime, finite);
  return record([...wallTimeField(wallTime), ...bytesField(field.fileVersion, encodeUtf8("brain.Event:2"))]);
}

/**
 * One record of a TensorBoard event file: scalars of one step. A file is the header and any number of records, one after
 * the other, and can be read while it grows.
 *
 *     length (uint64), masked CRC-32C of the length, Event as a protocol buffer, masked CRC-32C of it
 *     Event { wall_time = 1, step = 2, file_version = 3, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }
 *
 * The record is the same, byte for byte, as TensorBoard's own writer makes.
 *
 * @throws RangeError if the time is not finite or the step no safe integer.
 * @throws TypeError if a tag has half of a surrogate pair, which UTF-8 cannot hold.
 * @see https://github.com/tensorflow/tensorboard, compat/proto/event.proto, summary.proto and summary/writer/record_writer.py
 * @example
 * const loss = encodeTensorBoardEvent({ wallTime: 1700000001, step: 100, scalars: { "loss/training": 1.5 } });
 * const file = Uint8Array.of(...tensorBoardHeader(1700000000), ...loss);
 */
export function encodeTensorBoardEvent(event: TensorBoardEvent): Uint8Array {
  const { wallTime, step, scalars } = checkSettings("encodeTensorBoardEvent", event, {
    wallTime: finite,
    step: integer,
    scalars: kind("a record of numbers", isRecord),
  });
  const values = Object.entries(scalars).flatMap(([tag, value]) => {
    check("encodeTensorBoardEvent", `scalars.${tag}`, value, number);
    if (hasLoneSurrogate(tag))
      throw new TypeError(`encodeTensorBoardEvent: the tag ${quote(tag)} cannot be written in UTF-8`);
    return bytesField(field.value, [
      ...bytesField(field.tag, encodeUtf8(tag)),
      ...key(field.simpleValue, wire.fixed32),
      ...bytesOf(4, (view) => view.setFloat32(0, value, true)),
    ]);
  });
  return record([
    ...wallTimeField(wallTime),
    // Fields of value 0 are left out, as protocol buffers do.
    ...(step === 0 ? [] : [...key(field.step, wire.varint), ...varint(BigInt.asUintN(64, BigInt(step)))]),
    ...(values.length === 0 ? [] : bytesField(field.summary, values)),
  ]);
}

/** Numbers of the fields in their messages. */
const field = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, value: 1, tag: 1, simpleValue: 2 } as const;

/** How the value of a field is stored. */
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

function record(data: readonly number[]): Uint8Array {
  const length = bytesOf(8, (view) => view.setUint32(0, data.length, true));
  const checksum = (bytes: Uint8Array) =>
    bytesOf(4, (view) => view.setUint32(0, masked(crc32c(bytes)), true));
  const body = Uint8Array.from(data);
  return Uint8Array.of(...length, ...checksum(length), ...body, ...checksum(body));
}

/** Checksums of data that holds checksums are weak, so the stored ones are turned and shifted. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function wallTimeField(seconds: number): number[] {
  if (seconds === 0) return [];
  return [...key(field.wallTime, wire.fixed64), ...bytesOf(8, (view) => view.setFloat64(0, seconds, true))];
}

function bytesField(number: number, bytes: Iterable<number>): number[] {
  const list = [...bytes];
  return [...key(number, wire.bytes), ...varint(BigInt(list.length)), ...list];
}

function key(number: number, type: number): number[] {
  return [(number << 3) | type];
}

/** Seven bits a byte, the low ones first; the high bit says that more follow. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

function bytesOf(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
}
