import {
  formatShape,
  leafEntries,
  mapTree,
  ShapeError,
  sameShape,
  type Value,
  zeros,
} from "../tensor/index.js";

type DType = Value["dtype"];

/**
 * Maps the float leaves of `first` together with the leaves at the same paths of other trees, which are named for the
 * errors. Leaves of type int32 are not trained and give zeros.
 * @throws ShapeError naming the path where the trees differ in form, shape or type.
 */
export function mapFloats<T, K extends string>(
  what: string,
  first: T,
  others: Readonly<Record<K, unknown>>,
  f: (value: Value, others: Record<K, Value>, path: string) => Value,
): T {
  const found = alignedLeaves(what, first, others);
  return mapTree(first, (v, path) =>
    v.dtype === "int32" ? zeros(v.shape, "int32") : f(v, found.get(path)!, path),
  );
}

/** The leaves of the other trees by path, checked against those of `first`. */
export function alignedLeaves<K extends string>(
  what: string,
  first: unknown,
  others: Readonly<Record<K, unknown>>,
): ReadonlyMap<string, Record<K, Value>> {
  const entries = leafEntries(first);
  const found = new Map(entries.map(([path]) => [path, {} as Record<K, Value>]));
  for (const name of Object.keys(others) as K[]) {
    for (const [path, v] of leafEntries(others[name])) {
      const row = found.get(path);
      if (!row) throw new ShapeError(`${what}: the ${name} at "${path}" has no counterpart; ${counterparts}`);
      row[name] = v;
    }
    for (const [path, v] of entries) {
      const other = found.get(path)![name];
      if (!other) throw new ShapeError(`${what}: there is no ${name} at "${path}"; ${counterparts}`);
      if (!sameShape(v.shape, other.shape) || v.dtype !== other.dtype)
        throw new ShapeError(
          `${what}: the ${name} at "${path}" is ${describe(other)}, expected ${describe(v)}; ${counterparts}`,
        );
    }
  }
  return found;
}

const counterparts = "parameters, gradients and states have one form";

function describe(v: Value): string {
  return `${v.dtype} ${formatShape(v.shape)}`;
}

/** The type of a tree's joint scalars: float64 if any leaf has it, else float32. */
export function floatTypeOf(tree: unknown): DType {
  return leafEntries(tree).some(([, v]) => v.dtype === "float64") ? "float64" : "float32";
}

/** Makes what the leaves of one type share, once per type. */
export function perType<T>(make: (dtype: DType) => T): (dtype: DType) => T {
  const made = new Map<DType, T>();
  return (dtype) => {
    let t = made.get(dtype);
    if (t === undefined) {
      t = make(dtype);
      made.set(dtype, t);
    }
    return t;
  };
}
