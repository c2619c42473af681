import type { DType } from "./dtype.js";

/** What an executor could not give. */
export interface Shortage {
  /** The executor's name. */
  readonly executor: string;
  /** What was asked for: so many elements, or undefined for what a program needs while it runs. */
  readonly wanted?: { readonly dtype: DType; readonly length: number; readonly bytes: number };
  readonly bytesInUse: number;
  /** Bytes of it that no scope releases. */
  readonly bytesUnscoped: number;
  /** The most that the executor can ever have, if that is less than the machine's memory. */
  readonly mostBytes?: number;
}

/**
 * There is no memory for a tensor, or for what a program needs while it runs. The message says what was asked for, what is in use and
 * what to make smaller.
 * @example
 * try {
 *   zeros([1e6, 1e7]);
 * } catch (error) {
 *   error instanceof OutOfMemoryError // true
 * }
 */
export class OutOfMemoryError extends RangeError {
  override name = "OutOfMemoryError";

  /** @param shape of the tensor that was to be made, if it is known */
  constructor(
    readonly shortage: Shortage,
    shape?: readonly number[],
  ) {
    super(messageOf(shortage, shape));
  }
}

function messageOf(
  { executor, wanted, bytesInUse, bytesUnscoped, mostBytes }: Shortage,
  shape: readonly number[] | undefined,
): string {
  const what = wanted
    ? `${wanted.dtype} [${shape?.join(", ") ?? wanted.length}], ${amount(wanted.bytes)}`
    : "what a program needs while it runs";
  const most = mostBytes === undefined ? "" : `, of ${amount(mostBytes)} that it can have`;
  const held =
    bytesUnscoped > leastHeld && bytesUnscoped > bytesInUse / 2
      ? `${amount(bytesUnscoped)} belong to tensors that no scope releases: train with trainingStep(), which releases what it replaces, or put the work of a step into scope() and dispose() of what the next step replaces; `
      : "";
  const other =
    executor === "wasm" ? ", or the native executor, which can have all of the machine's memory" : "";
  return `the ${executor} executor is out of memory: there is no room for ${what}, beside ${amount(bytesInUse)} in use${most}. Remedies: ${held}a smaller batch, fewer steps in a sequence, a smaller vocabulary, fewer units${other}`;
}

/** Less than that is what a program means to hold. */
const leastHeld = 2 ** 24;

/** Bytes in a unit that suits them. */
function amount(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? n : n.toPrecision(3)} ${units[unit]}`;
}
