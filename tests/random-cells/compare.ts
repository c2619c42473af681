import {
  add,
  type Backward,
  dot,
  grad,
  hessianVectorProduct,
  Key,
  leafEntries,
  leaves,
  linearize,
  mapTree,
  mul,
  normal,
  onCpu,
  reshape,
  scope,
  sum,
  type Tensor,
  tanh,
  unfold,
  type Value,
  valueAndGrad,
} from "longspan/engine";
import type { Subject } from "./generate.js";

interface Point {
  params: Record<string, Value>;
  inputs: Record<string, Value | Record<string, Value>>;
  initial: Record<string, Value>;
}

/** A way to differentiate a compiled cell that must give what the plain loop gives. A row enrols it in every comparison. */
export interface Mode {
  readonly name: string;
  readonly backward: Backward;
  readonly serves: (subject: Subject) => boolean;
}

const hasClock = ({ structure }: Subject) => structure.parts.clock !== null;

export const modes: readonly Mode[] = [
  { name: "full", backward: { kind: "full" }, serves: () => true },
  { name: "checkpointed", backward: { kind: "checkpointed", blocks: 2 }, serves: () => true },
  { name: "truncated", backward: { kind: "truncated", every: 2 }, serves: hasClock },
];

/** A scalar that depends on every output and every final state. */
export function lossOf(subject: Subject, loop: "plain" | "compiled", backward: Backward = { kind: "full" }) {
  return (point: Point): Value => {
    const { output, final, sums } = unfold(subject.cell, point.params, point.inputs, subject.structure, {
      initial: point.initial,
      key: Key.of(subject.seed).fold(3),
      loop,
      backward,
    });
    let total: Value | undefined;
    let i = 0;
    for (const v of [...leaves(output), ...leaves(final), ...leaves(sums)]) {
      if (v.size === 0) continue;
      const weights = normal(Key.of(99).fold(i++), v.shape, "float64");
      const term = sum(mul(tanh(v), weights));
      total = total === undefined ? term : add(total, term);
    }
    return total!;
  };
}

export function pointOf(subject: Subject): Point {
  return { params: subject.params, inputs: subject.inputs, initial: subject.initial };
}

/** Largest difference between two trees, relative to the larger of 1 and the largest entry. */
export function distance(a: unknown, b: unknown): { error: number; at: string } {
  const other = new Map(leafEntries(b));
  let error = 0;
  let at = "";
  for (const [path, v] of leafEntries(a)) {
    const [p, q] = [onCpu(v).toArray(), onCpu(other.get(path)!).toArray()];
    let size = 1;
    for (const x of p) size = Math.max(size, Math.abs(x));
    p.forEach((x, i) => {
      const e = Math.abs(x - q[i]!) / size;
      if (!(e <= error)) [error, at] = [Number.isNaN(e) ? Number.POSITIVE_INFINITY : e, path];
    });
  }
  return { error, at };
}

export interface Comparison {
  readonly mode: string;
  readonly value: number;
  readonly gradient: number;
  readonly hessian: number;
  readonly where: string;
}

/** Compiled against plain, in every mode that serves the subject: value, gradient, Hessian-vector product. */
export function compare(subject: Subject): Comparison[] {
  const point = pointOf(subject) as never;
  const run = (loop: "plain" | "compiled", backward?: Backward) => {
    const f = lossOf(subject, loop, backward) as (p: never) => Value;
    const { value, grads } = valueAndGrad(f)(point);
    const direction = directionLike(point, Key.of(subject.seed).fold(4));
    return { value, grads, product: hessianVectorProduct(f)(point, direction as never) };
  };
  return scope(() => {
    const full = run("plain");
    return modes
      .filter((mode) => mode.serves(subject))
      .map(({ name, backward }) => {
        const p = backward.kind === "truncated" ? run("plain", backward) : full;
        const c = run("compiled", backward);
        const g = distance(p.grads, c.grads);
        const h = distance(p.product, c.product);
        return {
          mode: name,
          value: distance({ v: p.value }, { v: c.value }).error,
          gradient: g.error,
          hessian: h.error,
          where: `${g.at} ${h.at}`,
        };
      });
  });
}

/** How far <J v, w> is from <v, J' w> for the outputs and final states of the compiled cell, in the worst of the modes. */
export function innerProductError(subject: Subject): number {
  const serving = modes.filter((mode) => mode.serves(subject));
  return Math.max(...serving.map(({ backward }) => innerProductErrorOf(subject, backward)));
}

function innerProductErrorOf(subject: Subject, backward: Backward): number {
  const f = (point: Point) => {
    const { output, final, sums } = unfold(subject.cell, point.params, point.inputs, subject.structure, {
      initial: point.initial,
      key: Key.of(subject.seed).fold(3),
      backward,
    });
    return { output, final, sums };
  };
  return scope(() => {
    const point = pointOf(subject) as never;
    const { value, pushforward, pullback } = linearize(f as (p: never) => unknown, point);
    const v = directionLike(point, Key.of(subject.seed).fold(6));
    const w = directionLike(value, Key.of(subject.seed).fold(7));
    const inner = (a: unknown, b: unknown) => {
      const other = leaves(b);
      return leaves(a).reduce((total, x, i) => {
        if (x.dtype === "int32") return total;
        return total + onCpu(dot(reshape(x, [x.size]), reshape(other[i]!, [x.size]))).item();
      }, 0);
    };
    const left = inner(pushforward(v as never), w);
    const right = inner(v, pullback(w as never));
    return Math.abs(left - right) / Math.max(1, Math.abs(left));
  });
}

/** Relative error of the compiled gradient against central differences of the compiled value along one direction. */
export function differenceError(subject: Subject): number {
  const point = pointOf(subject) as never;
  const f = lossOf(subject, "compiled") as (p: never) => Value;
  const v = directionLike(point, Key.of(subject.seed).fold(5));
  const at = (s: number): number => {
    const ds = leaves(v);
    let i = 0;
    const moved = mapTree(point, (x: Value) => {
      const d = ds[i++]!;
      return x.dtype === "int32" ? x : add(x, mul(d, s));
    });
    return onCpu(scope(() => f(moved) as Tensor)).item();
  };
  const epsilon = 1e-5;
  return scope(() => {
    const g = leaves(grad(f)(point));
    let inner = 0;
    let sizeG = 0;
    let sizeV = 0;
    leaves(v).forEach((d, i) => {
      if (d.dtype === "int32") return;
      const flat = (t: Value) => reshape(t, [t.size]);
      inner += onCpu(dot(flat(g[i]!), flat(d))).item();
      sizeG += onCpu(sum(mul(g[i]!, g[i]!))).item();
      sizeV += onCpu(sum(mul(d, d))).item();
    });
    const slope = (at(epsilon) - at(-epsilon)) / (2 * epsilon);
    return Math.abs(slope - inner) / Math.max(Math.sqrt(sizeG * sizeV), 1e-6);
  });
}

function directionLike(point: unknown, key: Key): unknown {
  let i = 0;
  return mapTree(point, (v) => (v.dtype === "int32" ? v : normal(key.fold(i++), v.shape, v.dtype)));
}

/** What fails among random cells by their seeds, and how many had each feature. Five failures are enough. */
export function failuresOf(
  subjectOf: (seed: number) => Subject,
  { first, total }: { readonly first: number; readonly total: number },
): { failures: string[]; seen: Map<string, number> } {
  const seen = new Map<string, number>();
  const failures: string[] = [];
  for (let seed = first; seed < first + total && failures.length < 5; seed++) {
    try {
      const subject = subjectOf(seed);
      for (const f of subject.features) seen.set(f, (seen.get(f) ?? 0) + 1);
      // Every tenth smooth cell is also held against central differences, which know nothing of our rules.
      if (subject.smooth && seed % 10 === 0) {
        const error = differenceError(subject);
        if (!(error < 1e-6)) failures.push(`seed ${seed}: ${error} away from central differences`);
      }
      if (seed % 10 === 0) {
        const error = innerProductError(subject);
        if (!(error < 1e-11)) failures.push(`seed ${seed}: <Jv, w> and <v, J'w> differ by ${error}`);
      }
      for (const c of compare(subject))
        if (!(c.value < 1e-12 && c.gradient < 1e-12 && c.hessian < 1e-12))
          failures.push(`seed ${seed} (${subject.features.join()}): ${JSON.stringify(c)}`);
    } catch (error) {
      const what = error instanceof Error ? error.stack?.split("\n").slice(0, 6).join("\n") : error;
      failures.push(`seed ${seed}: ${what}`);
    }
  }
  return { failures, seen };
}
