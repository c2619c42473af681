import type { DType } from "./dtype.js";

/**
 * Memory of an executor, under a name that can be given back. What it is kept in is the executor's own affair.
 * @example
 * const executor = defaultExecutor();
 * const handle = executor.allocate("float32", 3);
 * [handle.dtype, handle.length, handle.released]; // [ "float32", 3, false ]
 * executor.release(handle);
 */
export class Handle {
  /** Whether it was given back. */
  released = false;
  /** For its owner: what notices that nobody refers to it any more, if anything does. */
  watch: {
    /** Called when the memory was given back after all. */
    readonly forget: () => void;
  } | null = null;

  /**
   * @param owner whose memory it is
   * @param memory what the executor keeps the elements in; it may hold more than `length`
   */
  constructor(
    readonly owner: object,
    readonly dtype: DType,
    readonly length: number,
    public memory: unknown,
  ) {}

  /** The same memory under another name, for elements that it has room for. Only one of the two is given back. */
  renamed(length: number): Handle {
    this.watch?.forget();
    return new Handle(this.owner, this.dtype, length, this.memory);
  }
}

/**
 * The next size of the form (4..7) x 2^n: memory is kept for reuse in these sizes, and at most a quarter of it is wasted.
 * @example sizeClass(100) // 112
 */
export function sizeClass(length: number): number {
  if (length <= 4) return 4;
  const step = 2 ** (Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}
