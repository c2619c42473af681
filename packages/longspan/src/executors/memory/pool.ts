import { bytesPerElement, type DType, type Handle } from "../../program/index.js";

/** A piece of an executor's memory. M: what the executor keeps it in, which may hold more than `length` elements. */
export class PooledHandle<M> implements Handle {
  released = false;
  constructor(
    readonly pool: Pool<M>,
    readonly dtype: DType,
    readonly length: number,
    readonly memory: M,
  ) {}
}

/** Keeps released memory for reuse, by type and size class, so that training steps take no new memory. */
export class Pool<M> {
  private readonly free = new Map<string, M[]>();
  bytesInUse = 0;
  bytesReserved = 0;

  /** @param take makes memory for so many elements */
  constructor(private readonly take: (dtype: DType, capacity: number) => M) {}

  allocate(dtype: DType, length: number): PooledHandle<M> {
    const capacity = sizeClass(length);
    const bytes = capacity * bytesPerElement(dtype);
    let memory = this.free.get(`${dtype}:${capacity}`)?.pop();
    if (memory === undefined) {
      memory = this.take(dtype, capacity);
      this.bytesReserved += bytes;
    }
    this.bytesInUse += bytes;
    return new PooledHandle(this, dtype, length, memory);
  }

  release(handle: PooledHandle<M>): void {
    if (handle.released) return;
    handle.released = true;
    const capacity = sizeClass(handle.length);
    this.bytesInUse -= capacity * bytesPerElement(handle.dtype);
    const key = `${handle.dtype}:${capacity}`;
    const list = this.free.get(key);
    if (list) list.push(handle.memory);
    else this.free.set(key, [handle.memory]);
  }

  /** The handle as one of this pool, still in use. @throws if it is not */
  own(handle: Handle): PooledHandle<M> {
    if (!(handle instanceof PooledHandle) || handle.pool !== this)
      throw new TypeError("a handle of another executor");
    if (handle.released) throw new Error("memory that was released");
    return handle;
  }
}

/** The next size of the form (4..7) x 2^n: at most a quarter is wasted. */
function sizeClass(length: number): number {
  if (length <= 4) return 4;
  const step = 2 ** (Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}
