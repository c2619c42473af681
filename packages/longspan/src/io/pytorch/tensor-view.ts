import type { ElementType } from "../element-types.js";
import { PickledObject } from "./pickle.js";

/** The bytes of some tensors. */
export class Storage extends PickledObject {
  constructor(
    readonly name: string,
    readonly type: ElementType | null,
    readonly bytes: Uint8Array,
  ) {
    super();
  }
}

/** A tensor as the pickle describes it. */
export class TensorView extends PickledObject {
  constructor(
    readonly storage: Storage,
    readonly type: ElementType,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** Of its first element in the storage, in elements. */
    readonly first: number,
    /** Where it stands in the file. */
    readonly offset: number,
  ) {
    super();
  }

  get size(): number {
    return this.shape.reduce((n, length) => n * length, 1);
  }
}

/** A tensor of a type that this library does not hold. */
export class OtherTensor extends PickledObject {
  constructor(
    readonly type: string,
    readonly offset: number,
  ) {
    super();
  }
}

/** The bytes of a tensor, row-major. */
export function gathered({ storage, type, shape, strides, first, size }: TensorView): Uint8Array {
  const width = type.bits / 8;
  const { bytes } = storage;
  let dense = 1;
  const isDense = shape.every((_, i) => {
    const axis = shape.length - 1 - i;
    const fits = shape[axis] === 1 || strides[axis] === dense;
    dense *= shape[axis]!;
    return fits;
  });
  if (isDense || size === 0) return bytes.subarray(first * width, (first + size) * width);
  const out = new Uint8Array(size * width);
  const index = shape.map(() => 0);
  let from = first;
  for (let i = 0; i < size; i++) {
    for (let b = 0; b < width; b++) out[i * width + b] = bytes[from * width + b]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
