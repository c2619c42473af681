import { bytesPerElement, type DType, type Handle } from "../../program/index.js";

/** A piece of an executor's memory. M: what the executor keeps it in, which may hold more than `length` elements. */
export class PooledHandle<M> implements Handle {
  released = false;
  constructor(
    readonly pool: Pool<M>,
    readonly dtype: DType,
    readonly length: number,
    public memory: M,
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
    this.bytesInUse += bytesFor(dtype, length);
    return new PooledHandle(this, dtype, length, this.memoryFor(dtype, length));
  }

  release(handle: PooledHandle<M>): void {
    if (handle.released) return;
    handle.released = true;
    this.bytesInUse -= this.bytesOf(handle);
    const key = this.classOf(handle.dtype, handle.length);
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

  /** Handles of one class can take each other's memory. */
  classOf(dtype: DType, length: number): string {
    return `${dtype}:${sizeClass(length)}`;
  }

  bytesOf({ dtype, length }: Handle): number {
    return bytesFor(dtype, length);
  }

  /** Another handle for the memory of one that is done with, of the same class: only the new one is released. */
  again(done: PooledHandle<M>, length: number): PooledHandle<M> {
    return new PooledHandle(this, done.dtype, length, done.memory);
  }

  /** Gives a handle other memory. @returns one that holds what it had */
  moved(handle: PooledHandle<M>): PooledHandle<M> {
    const left = this.again(handle, handle.length);
    this.bytesInUse += this.bytesOf(handle);
    handle.memory = this.memoryFor(handle.dtype, handle.length);
    return left;
  }

  private memoryFor(dtype: DType, length: number): M {
    const capacity = sizeClass(length);
    const pooled = this.free.get(`${dtype}:${capacity}`)?.pop();
    if (pooled !== undefined) return pooled;
    this.bytesReserved += bytesFor(dtype, length);
    return this.take(dtype, capacity);
  }
}

function bytesFor(dtype: DType, length: number): number {
  return sizeClass(length) * bytesPerElement(dtype);
}

/** The next size of the form (4..7) x 2^n: at most a quarter is wasted. */
function sizeClass(length: number): number {
  if (length <= 4) return 4;
  const step = 2 ** (Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}
