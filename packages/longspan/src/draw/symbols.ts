/** What a drawing writes for an op. Ops that are not here are written by their names. */
const symbols: Readonly<Record<string, string>> = {
  add: "+",
  sub: "+",
  mul: "×",
  div: "÷",
  neg: "−",
  sigmoid: "σ",
  sqrt: "√",
  abs: "|·|",
  maximum: "max",
  select: "choose",
  equal: "=",
  less: "<",
  lessEqual: "≤",
  matmul: "·",
  sparseProduct: "·",
  sparseOuter: "⊗",
  outer: "⊗",
  reduceSum: "Σ",
  sumTo: "Σ",
  reduceMax: "max",
  maxTo: "max",
  argmaxTo: "argmax",
  pickTo: "pick",
  cumulativeSum: "running Σ",
  cumulativeProduct: "running Π",
  order: "sort",
  oneHot: "one-hot",
  uniform: "draw",
  gather: "look up",
  linearRecurrence: "recurrence",
  triangularSolve: "solve",
};

export function symbolOf(op: string): string {
  return symbols[op] ?? op;
}

/** The last part of each path; where several end alike, they are numbered in their order: `U` and `V`, or `U₁` and `U₂`. */
export function shortNames(paths: readonly string[]): Map<string, string> {
  const all = [...new Set(paths)];
  const short = numbered(all.map((path) => asWritten(path.split(".").at(-1)!)));
  return new Map(all.map((path, i) => [path, short[i]!]));
}

const letters: Readonly<Record<string, string>> = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  lambda: "λ",
  nu: "ν",
  sigma: "σ",
  tau: "τ",
  theta: "θ",
};

/** `theta` as θ, the first of several `W` as W₁. */
function asWritten(name: string): string {
  const [, list, index] = /^(.*)\[(\d+)\]$/.exec(name) ?? [null, name, null];
  return `${letters[list!] ?? list}${index === null ? "" : subscript(Number(index) + 1)}`;
}

/** Names that occur several times get numbers. */
export function numbered(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const same = names.flatMap((other, j) => (other === name ? [j] : []));
    return same.length > 1 ? `${name}${subscript(same.indexOf(i) + 1)}` : name;
  });
}

/** A number as a subscript. */
export function subscript(n: number): string {
  return [...`${n}`].map((d) => String.fromCodePoint(0x2080 + Number(d))).join("");
}

/** Numbers as a superscript in brackets, as the chapter writes the step. */
export function superscript(...numbers: readonly number[]): string {
  const written = numbers.map((n) => [...`${n}`].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(d)]).join(""));
  return `⁽${written.join("˒")}⁾`;
}
