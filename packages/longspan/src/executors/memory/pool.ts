import { bytesPerElement, type DType, Handle, sizeClass } from "../../program/index.js";

/** A piece of an executor's memory. M: what the executor keeps it in. */
export type PooledHandle<M> = Handle & { memory: M };

/** Keeps released memory for reuse, by type and size class, so that training steps take no new memory. */
export class Pool<M> {
  private readonly free = new Map<string, M[]>();
  bytesInUse = 0;
  bytesReserved = 0;

  /** @param take makes memory for so many elements */
  constructor(private readonly take: (dtype: DType, capacity: number) => M) {}

  allocate(dtype: DType, length: number): PooledHandle<M> {
    this.bytesInUse += bytesFor(dtype, length);
    return new Handle(this, dtype, length, this.memoryFor(dtype, length)) as PooledHandle<M>;
  }

  release(handle: Handle): void {
    if (handle.released) return;
    const { dtype, length, memory } = this.own(handle);
    handle.released = true;
    this.bytesInUse -= bytesFor(dtype, length);
    const key = classOf(dtype, length);
    const list = this.free.get(key);
    if (list) list.push(memory);
    else this.free.set(key, [memory]);
  }

  /** The handle as one of this pool, still in use. @throws if it is not */
  own(handle: Handle): PooledHandle<M> {
    if (!(handle instanceof Handle) || handle.owner !== this)
      throw new TypeError("a handle of another executor");
    if (handle.released) throw new Error("memory that was released");
    return handle as PooledHandle<M>;
  }

  private memoryFor(dtype: DType, length: number): M {
    const pooled = this.free.get(classOf(dtype, length))?.pop();
    if (pooled !== undefined) return pooled;
    this.bytesReserved += bytesFor(dtype, length);
    return this.take(dtype, sizeClass(length));
  }
}

function classOf(dtype: DType, length: number): string {
  return `${dtype}:${sizeClass(length)}`;
}

function bytesFor(dtype: DType, length: number): number {
  return sizeClass(length) * bytesPerElement(dtype);
}
