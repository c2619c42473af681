import {
  add,
  chain,
  defineCell,
  Key,
  matmul,
  mul,
  normal,
  type ParamSpec,
  reshape,
  type Shape,
  sum,
  type Tensor,
  tanh,
  type Value,
} from "longspan/engine";
import type { Subject } from "../random-cells/generate.js";
import type { OpRow } from "./rows.js";

/** Where an operand comes from: a parameter, an input per sequence or per node, or the state of the step before. */
export const origins = ["parameter", "sequence", "node", "state"] as const;
export type Origin = (typeof origins)[number];

/** Every way to give `n` operands their origins. */
export function originsOf(n: number): readonly (readonly Origin[])[] {
  return n === 0 ? [[]] : originsOf(n - 1).flatMap((rest) => origins.map((o) => [...rest, o]));
}

/** All operands of the state, and each of another origin. */
export function fewOriginsOf(n: number): readonly (readonly Origin[])[] {
  return [
    Array.from({ length: n }, () => "state" as const),
    Array.from({ length: n }, (_, i) => origins[i % origins.length]!),
  ];
}

const sizeOf = (shape: Shape) => shape.reduce((p, n) => p * n, 1);
/** Of the sequences that the subjects run over. */
export const lengths = [3, 0, 2];

/** A recurrent cell that applies the function of a row once per node, to operands of the given origins. */
export function subjectOf({ name, shapes, f }: OpRow, from: readonly Origin[]): Subject {
  const named = <T>(origin: Origin, make: (shape: Shape) => T): Record<string, T> =>
    Object.fromEntries(
      shapes.flatMap((shape, i) => (from[i] === origin ? [[`${origin}${i}`, make(shape)]] : [])),
    );
  const initialise: ParamSpec["initialise"] = (key, shape, dtype) => mul(normal(key, shape, dtype), 0.6);
  const params: Record<string, ParamSpec> = {
    ...named("parameter", (shape) => ({ shape, initialise })),
    ...named("state", (shape) => ({ shape: [2, sizeOf(shape)], initialise })),
    W: { shape: [2], initialise },
  };
  const cell = defineCell({
    name: `${name} of ${from.join(" and ")}`,
    inputs: () => named("node", (shape) => shape),
    sequenceInputs: () => named("sequence", (shape) => shape),
    state: () => ({ h: [2] as Shape }),
    params: () => params,
    step(given, weights) {
      const [values, w] = [given as unknown as Record<string, Value>, weights as Record<string, Value>];
      const h = values.h!;
      const operands = shapes.map((shape, i) => {
        const origin = from[i]!;
        if (origin === "state") return reshape(matmul(h, w[`state${i}`]!), shape);
        return (origin === "parameter" ? w : values)[`${origin}${i}`]!;
      });
      const y = f(...operands);
      const next = tanh(add(mul(h, 0.5), mul(sum(tanh(y)), w.W!)));
      return { state: { h: next }, output: y };
    },
  })(undefined as never);
  const structure = chain(lengths);
  const key = Key.of(5);
  const drawn = (rows: number) => (shape: Shape) =>
    mul(normal(key.fold(rows), [rows, ...shape], "float64"), 0.8);
  return {
    seed: 5,
    cell,
    structure,
    params: cell.init(key.fold(1), "float64") as Record<string, Tensor>,
    inputs: {
      ...named("node", drawn(structure.nodes)),
      ...named("sequence", drawn(structure.sequences)),
    } as Record<string, Tensor>,
    initial: { h: normal(key.fold(2), [structure.sequences, 2], "float64") },
    smooth: true,
    features: [],
  };
}
