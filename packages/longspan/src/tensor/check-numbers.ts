import type { DType } from "../program/index.js";

const [least, most] = [-(2 ** 31), 2 ** 31 - 1];

/**
 * Checks that what is given are numbers, and that a tensor of the type holds them: float types hold any number, rounded.
 * @param what begins the message @throws TypeError naming the element
 * @example checkNumbers("fromArray", [1, 2, 3], "int32")
 */
export function checkNumbers(what: string, data: ArrayLike<number>, dtype: DType): void {
  const numbers = ArrayBuffer.isView(data) && !isBig(data);
  if (numbers && (dtype !== "int32" || data instanceof Int32Array)) return;
  for (let i = 0; i < data.length; i++) {
    const problem = problemOf(data[i], dtype);
    if (problem !== null) throw new TypeError(`${what}: element ${i} is ${problem}`);
  }
}

/**
 * `checkNumbers` of a single number.
 * @example checkNumber("full", 3, "int32")
 */
export function checkNumber(what: string, x: number, dtype: DType): void {
  const problem = problemOf(x, dtype);
  if (problem !== null) throw new TypeError(`${what}: the number is ${problem}`);
}

/**
 * Something that is not a number, for a message.
 * @example describeElement("2") // '"2"'
 */
export function describeElement(x: unknown): string {
  if (typeof x === "bigint") return `${x}n`;
  if (typeof x === "string") return JSON.stringify(x);
  if (typeof x === "object" && x !== null) return "an object";
  return typeof x === "function" ? "a function" : String(x);
}

function problemOf(x: unknown, dtype: DType): string | null {
  if (typeof x !== "number") return `${describeElement(x)}, not a number`;
  if (dtype !== "int32") return null;
  if (!Number.isInteger(x)) return `${x}, not an integer (dtype int32)`;
  if (x < least || x > most) return `${x}; int32 holds whole numbers from ${least} to ${most}`;
  return null;
}

function isBig(data: ArrayBufferView): boolean {
  return data instanceof BigInt64Array || data instanceof BigUint64Array;
}
