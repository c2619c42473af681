import { dependents, type Equation, type Var } from "../autodiff/index.js";
import {
  type CellGraph,
  inSlots,
  messageCotangents,
  needsPortOfEdge,
  outSlots,
  type Port,
  reenter,
  simplify,
} from "../cell/index.js";
import {
  abs,
  add,
  apply,
  applyAll,
  cast,
  div,
  equal,
  less,
  max,
  maximum,
  spreadToOp,
  sqrt,
  square,
  stopGradient,
  stopGradientOp,
  sub,
  sum,
  where,
  withAmbient,
  zerosLike,
} from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import { indexTensor, perRead, remembered, transposed, type UnfoldAttrs, unfoldOp } from "../unfold/index.js";

/** What is asked about the steps of a layer. */
export interface RatioOptions {
  /** Whether the values of a step are constants where they multiply a cotangent; parameters are not. */
  readonly held: boolean;
  readonly norms: "plain" | "squared";
  /** The slots that make up h. */
  readonly slots: readonly string[];
}

/** For each edge into a node: [reads]; in a chain that is each step. d is dL/dh at the edge's target. */
export interface StepRatios {
  /** (ratio - 1)^2, or that of the squared ratio; 0 where d = 0. */
  readonly term: Value;
  /** |d dh(target)/dh(source)| / |d| along the edge, in a chain |d dh(t)/dh(t-1)| / |d|; 0 where d = 0. */
  readonly ratio: Value;
  /** 1 where d is not 0, else 0. */
  readonly counted: Value;
}

/**
 * How a layer's steps change the norm of what flows back through them, from the layer's derivative as it was recorded: that is linear
 * in the states, so its transpose over a single step is the product with the step's Jacobian, and over an edge step with the edge's.
 * Nothing is run forwards again, and all is one program over the nodes and their edges.
 *
 * @param derivative an unfold of a cell that is linear in its states and in its operands from `linearFrom` on
 * @param flow dL/dstate(t) of the slots for which it is not zero
 */
export function stepRatios(
  { attrs, inputs }: Equation,
  flow: Readonly<Record<string, Value>>,
  options: RatioOptions,
): StepRatios {
  const { cell, structure, linearFrom = 0 } = attrs as UnfoldAttrs;
  const known = Object.keys(flow);
  const key = JSON.stringify([linearFrom, known, options]);
  const ratios = remembered(cells, cell, key, () => ratioCell(cell, linearFrom, known, options));
  const application: UnfoldAttrs = {
    cell: ratios,
    structure,
    initials: [],
    finals: [],
    backward: { kind: "full" },
  };
  const port = needsPortOfEdge(cell) ? [indexTensor(structure.reads.port)] : [];
  const operands = [...inputs.slice(0, linearFrom), ...Object.values(flow), ...port];
  const results = applyAll(unfoldOp, application, operands);
  const byPort = Array.from({ length: results.length / 3 }, (_, q) => results.slice(3 * q, 3 * q + 3));
  const [term, ratio, counted] = perRead(ratios, structure, byPort);
  return { term: term!, ratio: ratio!, counted: counted! };
}

const cells = new WeakMap<CellGraph, Map<string, CellGraph>>();

/**
 * A cell without states: the cotangents of the new state come in as values of the node. Its outputs are term, ratio and counted, for each
 * port; once and per edge for a cell with an edge step.
 */
function ratioCell(
  tangent: CellGraph,
  fixed: number,
  known: readonly string[],
  { held, norms, slots }: RatioOptions,
): CellGraph {
  const { cell: step } = transposed(
    tangent,
    fixed,
    tangent.outputs.map(() => false),
    tangent.sinkSlots.map(() => true),
  );
  const { trace, env, cell } = reenter(step);
  const names = inSlots(step).map((s) => s.name);
  const cotangents = names.map((name, i) => ({ name: `cotangent.${name}`, variable: cell.stateIn[0]![i]! }));
  const incoming = known.map((name) => cotangents[names.indexOf(name)]!);
  const port = needsPortOfEdge(tangent) ? trace.variable({ shape: [], dtype: "int32" }, "edge") : null;
  const results = withAmbient(trace, () => {
    const { scaled, alive } = normalised(incoming.map((c) => c.variable));
    step.stateIn[0]!.forEach((v, i) => {
      env.set(v, scaled[known.indexOf(names[i]!)] ?? zerosLike(v));
    });
    const pulled = pulledBack(step, env, port, held);
    return pulled.map(({ names: own, values }) => {
      const chosen = values.filter((_, i) => slots.includes(own[i]!));
      return ratiosOf(scaled, chosen.length > 0 ? chosen : [zerosLike(scaled[0]!)], alive, norms);
    });
  });
  const none = <T extends { readonly name: string }>(ports: readonly T[]) =>
    ports.map((p) => ({ ...p, slots: [] }));
  const scope = step.edge ? "edge" : "node";
  return simplify({
    ...cell,
    name: `ratios(${tangent.name})`,
    // The structure is the original's: what was handed back by a port is what is read there.
    inPorts: none(cell.outPorts),
    outPorts: none(cell.inPorts),
    sourceSlots: [],
    sinkSlots: [],
    values: [...cell.values, ...incoming, ...(port ? [{ name: "port@edge", variable: port }] : [])],
    stateIn: cell.outPorts.map(() => []),
    stateOut: [[]],
    edge: step.edge && { when: "pull", state: [], message: [] },
    equations: trace.equations,
    outputs: results.flatMap((of, q) =>
      Object.entries(of).map(([name, value]) => ({
        name: results.length > 1 ? `${name}.${cell.outPorts[q]!.name}` : name,
        value,
        scope,
      })),
    ),
  });
}

/** What comes back through a transposed step, by port; with an edge step once, at each edge. By the names of its slots. */
function pulledBack(
  step: CellGraph,
  env: Map<Value, Value>,
  port: Value | null,
  held: boolean,
): { names: readonly string[]; values: readonly Value[] }[] {
  const find = (v: Value) => env.get(v) ?? v;
  const namesOf = (slots: Port["slots"]) => slots.map(({ name }) => name);
  const evaluate = stepEvaluation(step, env, held);
  if (!step.edge) {
    evaluate(step.equations);
    return step.stateOut.map((values) => ({ names: namesOf(outSlots(step)), values: values.map(find) }));
  }
  // First the nodes, then the edges that lead to them, each with what comes back to the sum that it is part of.
  const overEdges = dependents(step.equations, step.edge.state);
  const isOverEdges = (eq: Equation) => eq.outputs.some((v) => overEdges.has(v));
  evaluate(step.equations.filter((eq) => !isOverEdges(eq)));
  const arrivals = step.stateOut.map((values) => values.map(find));
  messageCotangents(arrivals, port).forEach((ct, s) => {
    const { scope } = ct as Var;
    const own = scope === "edge" ? ct : apply(spreadToOp, { from: scope, to: "edge" }, ct);
    env.set(step.edge!.state[s]!, own);
  });
  evaluate(step.equations.filter(isOverEdges));
  return [{ names: namesOf(inSlots(step)), values: step.edge.message.map(find) }];
}

/** Applies equations of a step. @param held whether values that depend on a node are constants where they multiply a cotangent */
function stepEvaluation(step: CellGraph, env: Map<Value, Value>, held: boolean) {
  const flowing = dependents(step.equations, [...step.stateIn.flat(), ...(step.edge?.state ?? [])]);
  const scopes = new Map<Value, string>();
  for (const { variable } of step.values) scopes.set(variable, variable.scope);
  return (equations: readonly Equation[]): void => {
    for (const { op, attrs, inputs, outputs } of equations) {
      const flows = inputs.some((v) => flowing.has(v));
      const operands = inputs.map((v) => {
        const own = env.get(v) ?? v;
        const constant = held && flows && !flowing.has(v) && scopes.get(v) !== "one";
        return constant ? apply(stopGradientOp, {}, own) : own;
      });
      applyAll(op, attrs, operands).forEach((v, i) => {
        env.set(outputs[i]!, v);
        scopes.set(outputs[i]!, outputs[i]!.scope);
      });
    }
  };
}

function ratiosOf(
  cotangents: readonly Value[],
  pulled: readonly Value[],
  alive: Value,
  norms: "plain" | "squared",
): StepRatios {
  const after = squaredNorm(pulled);
  const squaredRatio = div(after, where(alive, squaredNorm(cotangents), 1));
  // The root has no slope at zero; the term is 1 there whatever happens around it.
  const some = less(0, after);
  const ratio = where(some, sqrt(where(some, squaredRatio, 1)), 0);
  return {
    term: where(alive, square(sub(norms === "squared" ? squaredRatio : ratio, 1)), 0),
    ratio: where(alive, ratio, 0),
    counted: cast(alive, ratio.dtype),
  };
}

/** Cotangents of a size at which squares neither overflow nor underflow, and whether they are not all zero. */
function normalised(cotangents: readonly Value[]): { scaled: Value[]; alive: Value } {
  const largest = stopGradient(cotangents.map((d) => max(abs(d))).reduce((a, b) => maximum(a, b)));
  // NaN is not zero: it counts, and shows.
  const alive = sub(1, equal(largest, 0));
  const scale = where(alive, largest, 1);
  return { scaled: cotangents.map((d) => div(d, scale)), alive };
}

/** The sum of the squares of all slots. */
function squaredNorm(slots: readonly Value[]): Value {
  return slots.map((v) => sum(square(v))).reduce((a, b) => add(a, b));
}
