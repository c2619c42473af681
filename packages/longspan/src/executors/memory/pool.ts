import {
  bytesPerElement,
  type DType,
  Handle,
  OutOfMemoryError,
  sizeClass,
  type TypedArray,
} from "../../program/index.js";

/** A piece of an executor's memory. M: what the executor keeps it in. */
export type PooledHandle<M> = Handle & { memory: M };

/** How an executor makes its memory and reaches it. M: what it keeps it in. */
export interface MemoryAccess<M> {
  /** Memory for so many elements. @throws if there is none */
  make(dtype: DType, capacity: number): M;
  view(memory: M): TypedArray;
  /** Called after memory was written from outside. */
  touch(memory: M): void;
  /** Gives memory back that nothing refers to any more, where that would not be noticed at once. */
  drop?(memory: M): void;
  /** The most that there can ever be, in bytes, if that is less than the machine's memory. */
  readonly mostBytes?: number;
}

/** Keeps released memory for reuse, by type and size class, so that training steps take no new memory. */
export class Pool<M> {
  private readonly free = new Map<string, M[]>();
  bytesInUse = 0;
  bytesReserved = 0;
  /** Bytes in use that no scope releases. */
  bytesUnscoped = 0;

  constructor(
    private readonly executor: string,
    private readonly access: MemoryAccess<M>,
  ) {}

  /** @throws OutOfMemoryError */
  allocate(dtype: DType, length: number): PooledHandle<M> {
    const memory = this.memoryFor(dtype, length);
    this.bytesInUse += bytesFor(dtype, length);
    return new Handle(this, dtype, length, memory) as PooledHandle<M>;
  }

  release(handle: Handle): void {
    if (handle.released) return;
    const { dtype, length, memory } = this.own(handle);
    handle.released = true;
    handle.watch?.forget();
    this.bytesInUse -= bytesFor(dtype, length);
    const key = classOf(dtype, length);
    const list = this.free.get(key);
    if (list) list.push(memory);
    else this.free.set(key, [memory]);
  }

  /** Counts the memory as gone once nobody refers to the handle. The memory itself is its maker's to collect. */
  watch(handle: Handle): void {
    if (handle.watch !== null) return;
    const { dtype, length } = this.own(handle);
    const watch = new Watch(this, bytesFor(dtype, length));
    handle.watch = watch;
    collected.register(handle, watch, watch);
  }

  /** The error of an executor that has no memory, for a tensor or else for a run. */
  shortage(wanted?: { dtype: DType; length: number; bytes: number }): OutOfMemoryError {
    const { executor, bytesInUse, bytesUnscoped, access } = this;
    const { mostBytes } = access;
    return new OutOfMemoryError({
      executor,
      bytesInUse,
      bytesUnscoped,
      ...(wanted ? { wanted } : {}),
      ...(mostBytes === undefined ? {} : { mostBytes }),
    });
  }

  /** Lets go of all memory that is kept for reuse. */
  giveBack(): void {
    for (const [key, list] of this.free) {
      const [dtype, capacity] = key.split(":") as [DType, string];
      this.bytesReserved -= list.length * bytesFor(dtype, Number(capacity));
      for (const memory of list) this.access.drop?.(memory);
    }
    this.free.clear();
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
    const memory = this.made(dtype, length);
    this.bytesReserved += bytesFor(dtype, length);
    return memory;
  }

  private made(dtype: DType, length: number): M {
    const capacity = sizeClass(length);
    try {
      return this.access.make(dtype, capacity);
    } catch {
      // What lies here for reuse is in the way.
      this.giveBack();
    }
    try {
      return this.access.make(dtype, capacity);
    } catch {
      throw this.shortage({ dtype, length, bytes: length * bytesPerElement(dtype) });
    }
  }
}

/** Notices that nobody refers to a handle any more. */
class Watch {
  constructor(
    readonly pool: Pool<unknown>,
    readonly bytes: number,
  ) {
    pool.bytesUnscoped += bytes;
  }

  forget(): void {
    collected.unregister(this);
    this.pool.bytesUnscoped -= this.bytes;
  }

  /** The memory is no longer there: it was never given back. */
  found(): void {
    this.pool.bytesUnscoped -= this.bytes;
    this.pool.bytesInUse -= this.bytes;
    this.pool.bytesReserved -= this.bytes;
  }
}

/** It does not hold the memory, which is collected with its handle: else it would not be while a program runs on. */
const collected = new FinalizationRegistry<Watch>((watch) => watch.found());

function classOf(dtype: DType, length: number): string {
  return `${dtype}:${sizeClass(length)}`;
}

function bytesFor(dtype: DType, length: number): number {
  return sizeClass(length) * bytesPerElement(dtype);
}
