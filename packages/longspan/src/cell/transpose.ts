import { dependents, type Equation, evaluate, Trace, transposeGraph, type Var } from "../autodiff/index.js";
import { type Linear, withAmbient, zerosLike } from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import { type CellGraph, inSlots, outSlots, type Port } from "./graph.js";
import { simplify } from "./simplify.js";
import { verifyCell } from "./verify.js";

/** The transpose of a linear cell, and which of its operands and results are there. */
export interface TransposedCell {
  readonly cell: CellGraph;
  /** Linear values of the original that get a cotangent, in the order of the transposed cell's outputs. */
  readonly activeValues: readonly number[];
  /** Source and sink slots of the original that carry cotangents, in the order of the transposed cell's. */
  readonly activeSlots: readonly number[];
}

/**
 * The transpose of a cell that is linear in its states and in the values from `linearFrom` on: reads become sums, sums
 * become reads, in-ports become out-ports. Its values are the fixed values of the original, then the cotangents of the
 * outputs marked in `outputs`.
 *
 * @param outputs which outputs have cotangents @param sinks which sink slots have cotangents
 * @example
 * const { graph: traced } = rnn({ input: 3, hidden: 4 }).trace("float32");
 * const { tangent, residuals } = linearizeCell(traced, [true, true, true, true], [false]);
 * const { cell } = transposeCell(tangent, residuals.length, [true], [false]);
 * cell.outputs.map((o) => o.name) // [ "cdU", "cdW", "cdb", "cdx" ]
 */
export function transposeCell(
  cell: CellGraph,
  linearFrom: number,
  outputs: readonly boolean[],
  sinks: readonly boolean[],
): TransposedCell {
  // Cotangents of out-port slots and of in-port slots; those of sinks enter where the original's states left.
  const pushes = cell.edge?.when === "push";
  let out = outSlots(cell).map((_, s) => !pushes && (sinks[s] ?? false));
  let arrivals = inSlots(cell).map((_, s) => (pushes || !cell.edge ? (sinks[s] ?? false) : false));
  for (;;) {
    const attempt = transposeOnce(cell, linearFrom, outputs, out, arrivals);
    const nextIn = arrivals.map((a, s) => a || attempt.stateIn.some((port) => port[s] !== undefined));
    const nextOut = cell.edge
      ? out.map((a, s) => a || attempt.edge[s] !== undefined)
      : out.map((a, s) => a || nextIn[s]!);
    if (!cell.edge) for (const [s, a] of nextOut.entries()) nextIn[s] = nextIn[s]! || a;
    const stable = nextIn.every((a, s) => a === arrivals[s]) && nextOut.every((a, s) => a === out[s]);
    if (stable) return finish(cell, linearFrom, attempt, out, arrivals);
    out = nextOut;
    arrivals = nextIn;
  }
}

interface Attempt {
  readonly trace: Trace;
  readonly values: readonly { name: string; variable: Var }[];
  /** Cotangent variables that enter: one per out-port slot, and one per message slot. */
  readonly outVars: readonly (readonly (Var | undefined)[])[];
  readonly messageVars: readonly (Var | undefined)[];
  /** Cotangents that leave. */
  readonly stateIn: readonly (readonly Linear[])[];
  readonly edge: readonly Linear[];
  readonly linear: readonly Linear[];
}

function transposeOnce(
  cell: CellGraph,
  linearFrom: number,
  outputs: readonly boolean[],
  out: readonly boolean[],
  arrivals: readonly boolean[],
): Attempt {
  const trace = new Trace(1);
  return withAmbient(trace, () => {
    const env = new Map<Value, Value>();
    const fixed = cell.values.slice(0, linearFrom);
    const linear = cell.values.slice(linearFrom);
    const values = fixed.map((v) => {
      const variable = trace.variable(v.variable, v.variable.scope);
      env.set(v.variable, variable);
      return { name: v.name, variable };
    });
    const outputCts = cell.outputs.map((o, i) => {
      if (!outputs[i]) return undefined;
      const variable = trace.variable(o.value, o.scope);
      values.push({ name: `c${o.name}`, variable });
      return variable;
    });
    const outVars = cell.outPorts.map((p) =>
      p.slots.map((s, j) => (out[j] ? trace.variable(s, "node") : undefined)),
    );
    const messageVars = (cell.edge?.message ?? []).map((v, j) =>
      arrivals[j] ? trace.variable(v, "edge") : undefined,
    );
    // Equations that do not touch a linear value are computed again, the others are transposed.
    const inputs = [...linear.map((v) => v.variable), ...cell.stateIn.flat(), ...(cell.edge?.state ?? [])];
    const linearValues = dependents(cell.equations, inputs);
    const isLinear = (eq: Equation) => eq.outputs.some((v) => linearValues.has(v));
    evaluate(
      cell.equations.filter((eq) => !isLinear(eq)),
      env,
    );
    const cotangents = transposeGraph(
      {
        inputs,
        equations: cell.equations.filter(isLinear),
        outputs: [
          ...cell.outputs.map((o) => o.value),
          ...cell.stateOut.flat(),
          ...(cell.edge?.message ?? []),
        ],
      },
      [...outputCts, ...outVars.flat(), ...messageVars],
      (v) => env.get(v) ?? v,
    );
    let at = linear.length;
    const stateIn = cell.stateIn.map((port) => port.map(() => cotangents[at++]));
    return {
      trace,
      values,
      outVars,
      messageVars,
      stateIn,
      edge: cotangents.slice(at),
      linear: cotangents.slice(0, linear.length),
    };
  });
}

function finish(
  cell: CellGraph,
  linearFrom: number,
  attempt: Attempt,
  out: readonly boolean[],
  arrivals: readonly boolean[],
): TransposedCell {
  const pick = <T>(list: readonly T[], flags: readonly boolean[]) => list.filter((_, i) => flags[i]);
  const ports = (list: readonly Port[], flags: readonly boolean[]) =>
    list.map((p) => ({ ...p, slots: pick(p.slots, flags) }));
  const pushes = cell.edge?.when === "push";
  const sourceFlags = pushes ? arrivals : out;
  const activeValues = attempt.linear.map((_, i) => i).filter((i) => attempt.linear[i] !== undefined);
  const result = withAmbient(attempt.trace, () => {
    const stateOut = attempt.stateIn.map((port, p) =>
      pick(
        port.map((ct, s) => ct ?? (arrivals[s] ? zerosLike(cell.inPorts[p]!.slots[s]!) : undefined)),
        arrivals,
      ).map((v) => v!),
    );
    const message = pick(
      attempt.edge.map((ct, s) => ct ?? (out[s] ? zerosLike(outSlots(cell)[s]!) : undefined)),
      out,
    );
    return simplify({
      name: `t(${cell.name})`,
      inPorts: ports(cell.outPorts, out),
      outPorts: ports(cell.inPorts, arrivals),
      sourceSlots: pick(cell.sinkSlots, sourceFlags),
      sinkSlots: pick(cell.sourceSlots, sourceFlags),
      values: attempt.values,
      stateIn: attempt.outVars.map((port) => pick(port, out).map((v) => v!)),
      stateOut,
      edge: cell.edge && {
        when: pushes ? "pull" : "push",
        state: pick(attempt.messageVars, arrivals).map((v) => v!),
        message: message.map((v) => v!),
      },
      outputs: activeValues.map((i) => {
        const { name, variable } = cell.values[linearFrom + i]!;
        return { name: `c${name}`, value: attempt.linear[i]!, scope: variable.scope };
      }),
      equations: attempt.trace.equations,
    });
  });
  verifyCell(result);
  return {
    cell: result,
    activeValues,
    activeSlots: sourceFlags.map((_, s) => s).filter((s) => sourceFlags[s]),
  };
}
