import { bytesPerElement, type DType, type Handle, newArray, type TypedArray } from "../../program/index.js";

/** A piece of CPU memory. `array` may be longer than `length`. */
export class CpuHandle implements Handle {
  released = false;
  constructor(
    readonly dtype: DType,
    readonly length: number,
    readonly array: TypedArray,
  ) {}
}

/** Keeps released arrays for reuse, by type and size class, so that training steps take no new memory. */
export class Pool {
  private readonly free = new Map<string, TypedArray[]>();
  bytesInUse = 0;
  bytesReserved = 0;

  allocate(dtype: DType, length: number): CpuHandle {
    const capacity = sizeClass(length);
    const list = this.free.get(`${dtype}:${capacity}`);
    let array = list?.pop();
    if (array === undefined) {
      array = newArray(dtype, capacity);
      this.bytesReserved += capacity * bytesPerElement(dtype);
    }
    this.bytesInUse += capacity * bytesPerElement(dtype);
    return new CpuHandle(dtype, length, array);
  }

  release(handle: CpuHandle): void {
    if (handle.released) return;
    handle.released = true;
    const capacity = handle.array.length;
    this.bytesInUse -= capacity * bytesPerElement(handle.dtype);
    const key = `${handle.dtype}:${capacity}`;
    const list = this.free.get(key);
    if (list) list.push(handle.array);
    else this.free.set(key, [handle.array]);
  }

  /** Forgets pooled arrays; what is in use stays. */
  trim(): void {
    for (const list of this.free.values()) for (const array of list) this.bytesReserved -= array.byteLength;
    this.free.clear();
  }
}

/** The next size of the form (4..7) x 2^n: at most a quarter is wasted. */
function sizeClass(length: number): number {
  if (length <= 4) return 4;
  const step = 2 ** (Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}
