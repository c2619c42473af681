import { check, func, list } from "../check/index.js";
import { type Tensor, Value } from "./value.js";

/**
 * Trees are plain nested records and arrays with values at the leaves: parameters, gradients, optimiser states. Any
 * interface will do; no index signature is needed. Keys are visited in their own order.
 */

/** The same tree with `Value` leaves: what a function receives while it is differentiated. */
export type Traceable<P> = P extends Tensor
  ? Value
  : P extends Value | number | string | boolean | null | undefined
    ? P
    : P extends (...args: never[]) => unknown
      ? P
      : { [K in keyof P]: Traceable<P[K]> };

/** The same tree with `Tensor` leaves. */
export type Concrete<P> = P extends Value
  ? Tensor
  : P extends number | string | boolean | null | undefined
    ? P
    : P extends (...args: never[]) => unknown
      ? P
      : { [K in keyof P]: Concrete<P[K]> };

/**
 * The values of a tree in order.
 * @example leaves({ w: zeros([2, 3]), layers: [{ b: zeros([3]) }] }).map((v) => v.size) // [ 6, 3 ]
 */
export function leaves(tree: unknown): Value[] {
  const out: Value[] = [];
  visit(tree, "", (v) => out.push(v));
  return out;
}

/**
 * The values of a tree with their paths, such as `layers[0].cell.U`.
 * @example
 * const params = { w: zeros([2]), layers: [{ b: zeros([3]) }] };
 * leafEntries(params).map(([path]) => path) // [ "w", "layers[0].b" ]
 */
export function leafEntries(tree: unknown): [path: string, value: Value][] {
  const out: [string, Value][] = [];
  visit(tree, "", (v, path) => out.push([path, v]));
  return out;
}

/**
 * A tree of the same form with every value replaced. Other leaves (numbers, strings) are copied.
 * @example mapTree({ w: tensor([1, 2]), b: [tensor([3])] }, (v) => mul(v, 2)) // { w: [2, 4], b: [[6]] }
 */
export function mapTree<T>(tree: T, f: (value: Value, path: string) => Value): T {
  check("mapTree", "f", f, func);
  return rebuild(tree, "", f) as T;
}

/**
 * `mapTree` over several trees of the same form.
 * @throws if a tree lacks a path that the first has.
 * @example mapTrees({ w: tensor([1]) }, [{ w: tensor([2]) }], ([a, b]) => add(a!, b!)) // { w: [3] }
 */
export function mapTrees<T>(
  first: T,
  others: readonly unknown[],
  f: (values: Value[], path: string) => Value,
): T {
  check("mapTrees", "others", others, list);
  check("mapTrees", "f", f, func);
  const tables = others.map((o) => new Map(leafEntries(o)));
  return mapTree(first, (v, path) =>
    f(
      [
        v,
        ...tables.map((t, i) => {
          const other = t.get(path);
          if (!other)
            throw new TypeError(
              `mapTrees: others[${i}] has no value at "${path}"; both trees must have the same form`,
            );
          return other;
        }),
      ],
      path,
    ),
  );
}

/**
 * Fills a tree's form with values in the order of `leaves`.
 * @example refill({ w: zeros([1]), b: [zeros([1])] }, [tensor([1]), tensor([2])]) // { w: [1], b: [[2]] }
 */
export function refill<T>(tree: T, values: readonly Value[]): T {
  let i = 0;
  return mapTree(tree, () => values[i++]!);
}

function visit(tree: unknown, path: string, f: (v: Value, path: string) => void): void {
  if (tree instanceof Value) f(tree, path);
  else if (Array.isArray(tree)) for (const [i, t] of tree.entries()) visit(t, `${path}[${i}]`, f);
  else if (isRecord(tree))
    for (const [k, t] of Object.entries(tree)) visit(t, path === "" ? k : `${path}.${k}`, f);
}

function rebuild(tree: unknown, path: string, f: (v: Value, path: string) => Value): unknown {
  if (tree instanceof Value) return f(tree, path);
  if (Array.isArray(tree)) return tree.map((t, i) => rebuild(t, `${path}[${i}]`, f));
  if (!isRecord(tree)) return tree;
  // fromEntries defines keys such as "__proto__" like any other.
  return Object.fromEntries(
    Object.entries(tree).map(([k, t]) => [k, rebuild(t, path === "" ? k : `${path}.${k}`, f)]),
  );
}

function isRecord(tree: unknown): tree is Record<string, unknown> {
  return typeof tree === "object" && tree !== null && !ArrayBuffer.isView(tree);
}
