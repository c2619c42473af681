import { Key, type Tensor, tensor } from "longspan";

/** One argument or setting of a valid call, and what is none in its place. */
export interface Argument {
  readonly valid: unknown;
  readonly wrong: readonly unknown[];
  readonly mayBeAbsent?: boolean;
  /** Messages need not name it, as the operands of an operation. */
  readonly unnamed?: boolean;
  /** Where it is a record of settings: each of them. */
  readonly settings?: Readonly<Record<string, Argument>>;
}

/** Arguments by parameter, in their order. */
export type Arguments = Readonly<Record<string, Argument>>;

const junk = {
  null: null,
  number: 5,
  text: "x",
  record: {},
  list: [],
  function: () => 1,
};
type Junk = keyof typeof junk;

/** An argument that takes none of the junk but what is named, and none of `wrong`. */
export function argument(valid: unknown, takes: readonly Junk[], ...wrong: unknown[]): Argument {
  const others = (Object.keys(junk) as Junk[]).filter((name) => !takes.includes(name));
  return { valid, wrong: [...others.map((name) => junk[name]), ...wrong] };
}

/** May be left out. */
export const maybe = (of: Argument): Argument => ({ ...of, mayBeAbsent: true });
/** May be null. */
export const nullable = (of: Argument): Argument => ({ ...of, wrong: of.wrong.filter((w) => w !== null) });

export const size = (n: number): Argument => argument(n, ["number"], 0, -1, 1.5, Number.NaN, "3", 1n);
export const count = (n: number): Argument => argument(n, ["number"], -1, 1.5, Number.NaN, "3");
export const integer = (n: number): Argument => argument(n, ["number"], 1.5, Number.NaN, "3");
export const positive = (x: number): Argument => argument(x, ["number"], 0, -1, Number.NaN, "3");
export const atLeastZero = (x: number): Argument => argument(x, ["number"], -1, Number.NaN, "3");
export const rate = (x: number): Argument => argument(x, [], 1, -0.1, Number.NaN, "0.5");
export const share = (x: number): Argument => argument(x, [], 0, 1.1, Number.NaN, "0.5");
export const finite = (x: number): Argument => argument(x, ["number"], Number.NaN, "3");
export const number = (x: number): Argument => argument(x, ["number"], "3");
export const flag = (b: boolean): Argument => argument(b, [], 0, "true");
export const text = (s: string): Argument => argument(s, ["text"]);
export const choice = (s: string | number): Argument => argument(s, [], `${s}s`, "");
export const func = (f: unknown): Argument => argument(f, ["function"]);
export const shape = (s: readonly number[]): Argument =>
  argument(s, ["list"], [-1], [1.5], ["3"], [Number.NaN]);
export const numbers = (l: ArrayLike<number>, ...takes: Junk[]): Argument => argument(l, takes);
export const value = (v: unknown = tensor([1, 2])): Argument => argument(v, []);
export const tree = (t: unknown = { w: tensor([1, 2]) }): Argument => argument(t, ["record", "list"]);
export const key = (): Argument => argument(Key.of(1), []);
export const dtype = (): Argument => maybe(argument("float64", [], "float16", Float32Array));
export const thing = (t: unknown, ...takes: Junk[]): Argument => argument(t, takes);
/** Anything is right. */
export const anything = (x: unknown): Argument => ({
  valid: x,
  wrong: [],
  mayBeAbsent: true,
});

/** A record of settings; where all of them may be left out, so may it. */
export function settings(of: Readonly<Record<string, Argument>>): Argument {
  const all = Object.values(of).every((a) => a.mayBeAbsent);
  const valid = Object.fromEntries(Object.entries(of).map(([name, a]) => [name, a.valid]));
  return {
    valid,
    wrong: [null, 5, "x", [], ...(all ? [] : [{}])],
    mayBeAbsent: all,
    settings: of,
  };
}

/** [2, 3], float32. */
export const matrix = (): Tensor =>
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
