import { bytesPerElement, type DType, type Executor, type Handle, sizeClass } from "../program/index.js";

/**
 * Memory that several recordings share. It holds values that are needed only while the recorded programs run.
 * @example
 * const executor = recordable(new ReferenceExecutor());
 * const arena = isRecordable(executor) ? executor.arena() : null;
 * arena?.bytes; // 0
 */
export class Arena {
  private readonly spare = new Map<string, Handle[]>();
  /** Bytes that it holds. */
  bytes = 0;

  constructor(readonly executor: Executor) {}

  /** Memory with room for so many elements, if there is any. */
  take(dtype: DType, length: number): Handle | undefined {
    const handle = this.spare.get(classOf(dtype, length))?.pop();
    if (handle) this.bytes -= bytesOf(handle);
    return handle;
  }

  /** Takes memory that is no longer needed, to use it again. */
  give(handle: Handle): void {
    this.bytes += bytesOf(handle);
    const key = classOf(handle.dtype, handle.length);
    const list = this.spare.get(key);
    if (list) list.push(handle);
    else this.spare.set(key, [handle]);
  }

  /** Releases the memory. Recordings that use it must not be repeated afterwards. */
  release(): void {
    for (const list of this.spare.values()) for (const handle of list) this.executor.release(handle);
    this.spare.clear();
    this.bytes = 0;
  }
}

/** Bytes of the memory behind a handle of a recording. */
export function bytesOf({ dtype, length }: Handle): number {
  return sizeClass(length) * bytesPerElement(dtype);
}

/** Handles of one class can take each other's memory. */
function classOf(dtype: DType, length: number): string {
  return `${dtype}:${sizeClass(length)}`;
}
