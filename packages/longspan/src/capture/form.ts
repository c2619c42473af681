import type { Handle, TypedArray } from "../program/index.js";
import { Key, Tensor, Value } from "../tensor/index.js";

/**
 * What a tree of arguments or results is apart from its numbers. Two trees with one `name` differ in the elements of their tensors and
 * arrays and in the words of their keys, and in nothing else.
 */
export interface Form {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  /** The memories that the tensors lie in, each once. */
  readonly memories: readonly Handle[];
  readonly arrays: readonly TypedArray[];
  readonly keys: readonly Key[];
}

/** Longer lists of numbers are data, and should be typed arrays. */
const longestList = 256;

/** The form of a tree; null if it holds a value that stands in for another, which has no numbers, or a long list of them. */
export function formOf(tree: unknown): Form | null {
  const found = { tensors: [], memories: [], arrays: [], keys: [] };
  const name = nameOf(tree, found);
  return name === null ? null : { name, ...found };
}

interface Found {
  readonly tensors: Tensor[];
  readonly memories: Handle[];
  readonly arrays: TypedArray[];
  readonly keys: Key[];
}

function nameOf(tree: unknown, found: Found): string | null {
  if (typeof tree !== "object" || tree === null) return nameOfPlain(tree);
  if (tree instanceof Tensor) {
    const { handle, offset } = tree.binding();
    let memory = found.memories.indexOf(handle);
    if (memory < 0) memory = found.memories.push(handle) - 1;
    found.tensors.push(tree);
    return `T${tree.dtype}${tree.shape.join()}@${memory}:${handle.length}+${offset}`;
  }
  if (tree instanceof Value) return null;
  if (tree instanceof Float32Array || tree instanceof Float64Array || tree instanceof Int32Array) {
    found.arrays.push(tree);
    return `${tree.constructor.name}${tree.length}`;
  }
  if (tree instanceof Key) {
    found.keys.push(tree);
    return "K";
  }
  const isList = Array.isArray(tree);
  if (!isList && !isRecord(tree)) return nameOfObject(tree);
  if (isList && tree.length > longestList && typeof tree[0] === "number") return null;
  let name = isList ? "[" : "{";
  for (const [key, part] of Object.entries(tree)) {
    const own = nameOf(part, found);
    if (own === null) return null;
    name += isList ? `${own};` : `${JSON.stringify(key)}${own};`;
  }
  return `${name}${isList ? "]" : "}"}`;
}

/** Numbers by value: programs may have been made for them. */
function nameOfPlain(value: unknown): string {
  if (typeof value === "function") return nameOfObject(value);
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** Any other object by identity: what it holds may be anything. */
export function nameOfObject(object: object): string {
  let number = numbers.get(object);
  if (number === undefined) {
    number = count++;
    numbers.set(object, number);
  }
  return `#${number}`;
}

function isRecord(tree: object): boolean {
  const proto: unknown = Object.getPrototypeOf(tree);
  return proto === Object.prototype || proto === null;
}

/** The tree with its tensors replaced, in the order of the form. */
export function withTensors(tree: unknown, next: () => Tensor): unknown {
  if (typeof tree !== "object" || tree === null) return tree;
  if (tree instanceof Value) return next();
  if (Array.isArray(tree)) return tree.map((part) => withTensors(part, next));
  if (!isRecord(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, withTensors(part, next)]));
}
