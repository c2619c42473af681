import { type Aval, apply, isRecording, type Linear, type Op, zerosLike } from "../ops/index.js";
import { formatShape, ShapeError, type Value } from "../tensor/index.js";
import { DualLevel } from "./dual.js";
import { emitRows } from "./emit-rows.js";
import { deeper } from "./linearised.js";
import { Trace } from "./trace.js";
import { transposeGraph } from "./transpose.js";

/** What an operand or a result has in each row: numbers along the last axis, as many in each operand, or a single number. */
export type PerRow = "vector" | "number";

/**
 * A function of rows that runs as one program, and so do its derivatives, to any order: each goes over the rows once and writes its
 * result and nothing else. What is in between, as large as an operand, is formed again where a derivative needs it. For losses over
 * large vocabularies, where each tensor in between would be the largest of the step.
 *
 * An operand may have one axis of rows before what it has in each of them; all have it, or none. Inside a cell the function's ops are
 * recorded one by one: there the compiler joins them.
 *
 * @param operands what each operand has in each row; an operand of type int32 is not differentiated
 * @param gives what the result has; its type is that of the first operand that is no integer
 * @param f made of ops that act within a row; not linear in the only vector among its operands
 * @example
 * const halfSquares = rowFunction("halfSquares", ["vector"], "number", (v: Value) => mul(sum(square(v), -1), 0.5));
 * halfSquares(tensor([[3, 4], [1, 0]])); // [12.5, 0.5]
 * grad((v: Value) => sum(halfSquares(v)))(tensor([[3, 4], [1, 0]])); // [[3, 4], [1, 0]]
 */
export function rowFunction<A extends readonly Value[]>(
  name: string,
  operands: { readonly [K in keyof A]: PerRow },
  gives: PerRow,
  f: (...values: A) => Value,
): (...values: A) => Value {
  const op = rowOp({ name, operands, gives, f: f as unknown as Definition["f"] });
  return (...values) => (isRecording() ? f(...values) : apply(op, {}, ...values));
}

/** A row function, or one of its derivatives. */
interface Definition {
  readonly name: string;
  readonly operands: readonly PerRow[];
  readonly gives: PerRow;
  readonly f: (...values: readonly Value[]) => Value;
}

function rowOp(definition: Definition): Op<Record<string, never>> {
  const { name, operands, gives, f } = definition;
  const derived = new Map<string, Op>();
  /** The same record each time, so that its programs are compiled once. */
  const once = (key: string, make: () => Definition): Op => {
    const op = derived.get(key) ?? rowOp(make());
    derived.set(key, op);
    return op;
  };
  const ranks = operands.map((o) => (o === "vector" ? 1 : 0));
  return {
    name,
    infer(_, inputs) {
      const rows = inputs[0]!.shape.slice(0, inputs[0]!.shape.length - ranks[0]!);
      const vector = inputs[operands.indexOf("vector")]!.shape.slice(-1);
      inputs.forEach((a, i) => {
        const expected = [...rows, ...(operands[i] === "vector" ? vector : [])];
        if (rows.length > 1 || formatShape(a.shape) !== formatShape(expected))
          throw new ShapeError(
            `${name}: operand ${i} is ${formatShape(a.shape)}, expected ${formatShape(expected)}`,
          );
      });
      const { dtype } = inputs.find((a) => a.dtype !== "int32")!;
      return [{ shape: gives === "vector" ? [...rows, ...vector] : rows, dtype }];
    },
    jvp({ inputs }, tangents) {
      const active = operands.flatMap((_, i) => (tangents[i] === undefined ? [] : [i]));
      if (active.length === 0) return [undefined];
      const tangent = once(`along ${active}`, () => tangentOf(definition, active));
      return [apply(tangent, {}, ...inputs, ...active.map((i) => tangents[i]!))];
    },
    transpose({ inputs, linear }, [ct]) {
      if (ct === undefined) return inputs.map(() => undefined);
      const fixed = inputs.filter((_, i) => !linear[i]);
      return inputs.map((_, k): Linear => {
        if (!linear[k]) return undefined;
        const pullback = once(`to ${k} of ${linear}`, () => transposeOf(definition, linear, k));
        return apply(pullback, {}, ...fixed, ct);
      });
    },
    lowering: {
      kind: "map",
      byRows: (attrs, inputs) =>
        inputs[0]!.shape.length > ranks[0]! ? { attrs, rows: inputs.map(() => true) } : null,
      emit(_, inputs, out, map) {
        const avals = inputs.map((r): Aval => ({ shape: map.shape(r), dtype: map.dtype(r) }));
        return map.expand(emitRows(name, f, inputs, avals, map), out.shape);
      },
    },
    samples: [],
  };
}

/** The derivative along tangents of some operands; these come after all operands, and it is linear in them. */
function tangentOf({ name, operands, gives, f }: Definition, active: readonly number[]): Definition {
  return {
    name: `${name}.along${active.join("")}`,
    operands: [...operands, ...active.map((i) => operands[i]!)],
    gives,
    f: (...values) =>
      deeper((level) => {
        const duals = new DualLevel(level);
        const tangents = values.slice(operands.length);
        const at = operands.map((_, i) => duals.lift(values[i]!, tangents[active.indexOf(i)]));
        const out = f(...at);
        return duals.tangent(out) ?? zerosLike(out);
      }),
  };
}

/** The transpose to one of the operands that it is linear in, from the operands that are held fixed and a cotangent. */
function transposeOf(
  { name, operands, gives, f }: Definition,
  linear: readonly boolean[],
  to: number,
): Definition {
  const fixed = operands.filter((_, i) => !linear[i]);
  if (!fixed.includes("vector") && gives !== "vector")
    throw new Error(`${name}: the length of a row is not known from what its transpose is given`);
  return {
    name: `${name}.to${to}`,
    operands: [...fixed, gives],
    gives: operands[to]!,
    f: (...values) =>
      deeper((level) => {
        const trace = new Trace(level);
        const ct = values.at(-1)!;
        const vector = values[[...fixed, gives].indexOf("vector")]!;
        let next = 0;
        const at = operands.map((o, i) =>
          linear[i]
            ? trace.variable({ shape: o === "vector" ? vector.shape : [], dtype: ct.dtype })
            : values[next++]!,
        );
        const inputs = at.filter((_, i) => linear[i]) as ReturnType<Trace["variable"]>[];
        const graph = { inputs, equations: trace.equations, outputs: [f(...at)] };
        const cts = transposeGraph(graph, [ct]);
        return cts[inputs.indexOf(at[to] as (typeof inputs)[number])] ?? zerosLike(at[to]!);
      }),
  };
}
