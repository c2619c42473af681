import type { Handle } from "../program/index.js";
import { Key, Tensor, Value } from "../tensor/index.js";

/**
 * A tree of arguments or results without its numbers. If the signatures of two trees have the same `name`, the trees differ only in the
 * elements of their tensors and arrays and in the words of their keys.
 */
export interface CallSignature {
  readonly name: string;
  readonly tensors: readonly Tensor[];
  /** The memories that the tensors lie in, each once. */
  readonly memories: readonly Handle[];
  /** The arrays and the keys, each once. */
  readonly arrays: readonly ArrayLike<number>[];
  readonly keys: readonly Key[];
}

/** Longer lists of numbers are data, and should be typed arrays. */
const longestList = 256;

/** The signature of a tree. Null if the tree holds a value without numbers (one that is traced), a long list of numbers, or itself. */
export function signatureOf(tree: unknown): CallSignature | null {
  const found: Found = { tensors: [], memories: [], arrays: [], keys: [], within: new Set() };
  const name = nameOf(tree, found);
  const { tensors, memories, arrays, keys } = found;
  return name === null ? null : { name, tensors, memories, arrays, keys };
}

interface Found {
  readonly tensors: Tensor[];
  readonly memories: Handle[];
  readonly arrays: ArrayLike<number>[];
  readonly keys: Key[];
  /** The lists and records around the part that is being named. */
  readonly within: Set<object>;
}

function nameOf(tree: unknown, found: Found): string | null {
  if (typeof tree !== "object" || tree === null) return nameOfPlain(tree);
  if (tree instanceof Tensor) {
    const { handle, offset } = tree.binding();
    const memory = indexIn(found.memories, handle);
    found.tensors.push(tree);
    return `T${tree.dtype}${tree.shape.join()}@${memory}:${handle.length}+${offset}`;
  }
  if (tree instanceof Value) return null;
  if (isArray(tree))
    return `${tree.constructor.name}${tree.length}@${indexIn(found.arrays, tree as ArrayLike<number>)}`;
  if (tree instanceof Key) return `K@${indexIn(found.keys, tree)}`;
  const isList = Array.isArray(tree);
  if (!isList && !isRecord(tree)) return nameOfObject(tree);
  if (isList && tree.length > longestList && typeof tree[0] === "number") return null;
  if (found.within.has(tree)) return null;
  found.within.add(tree);
  let name = isList ? `[${tree.length}:` : "{";
  for (const [key, part] of Object.entries(tree)) {
    const own = nameOf(part, found);
    if (own === null) return null;
    name += `${JSON.stringify(key)}${own};`;
  }
  found.within.delete(tree);
  return `${name}${isList ? "]" : "}"}`;
}

/** The index of a thing in a list. The thing is added if the list does not have it. */
function indexIn<T>(list: T[], thing: T): number {
  const index = list.indexOf(thing);
  return index < 0 ? list.push(thing) - 1 : index;
}

/** Typed arrays of any type: tensors are made of them all. */
function isArray(tree: object): tree is Uint8Array {
  return ArrayBuffer.isView(tree) && !(tree instanceof DataView);
}

/** A name for a plain value. A number is named by its value: a program may have been made for it. */
function nameOfPlain(value: unknown): string {
  if (typeof value === "function") return nameOfObject(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : String(value);
}

const numbers = new WeakMap<object, number>();
let count = 0;

/** A name for any other object. The same object always has the same name; what it holds is not looked at. */
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

/** A copy of the tree with its tensors replaced, in the order of the signature. */
export function withTensors(tree: unknown, next: (t: Value) => Value): unknown {
  if (typeof tree !== "object" || tree === null) return tree;
  if (tree instanceof Value) return next(tree);
  if (Array.isArray(tree)) return tree.map((part) => withTensors(part, next));
  if (!isRecord(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, withTensors(part, next)]));
}
