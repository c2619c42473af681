import {
  Cell,
  defineCell,
  type InputSpec,
  type InputSpecs,
  type OperandSpecs,
  type ParamSpec,
  type ParamValues,
  type Shapes,
  type StepContext,
  type ValuesOf,
} from "../../cell/index.js";
import {
  checkSettings,
  instanceOf,
  isRecord,
  type KindsOf,
  kind,
  oneOf,
  optional,
  type RequiredKind,
  size,
} from "../../check/index.js";
import { add, cast, concat, equal, gather, less, matmul, stopGradient, where } from "../../ops/index.js";
import { formatShape, type Shape, ShapeError, Value } from "../../tensor/index.js";
import { glorot, normalInit, zerosInit } from "../init/index.js";
import { type OutputDistribution, outputKind } from "../outputs/output-distribution.js";
import type { Regime } from "./regime.js";

/** Settings of `fedBack`. */
export interface FedBackConfig<I extends OperandSpecs, S extends Shapes, P> {
  /** A cell with an input x, among others perhaps, and one value as output. */
  readonly cell: Cell<I, S, P, Value>;
  /** What the outputs mean. */
  readonly output: OutputDistribution;
  /** What is read at each step. */
  readonly regime: Regime;
  /** Features that what is read is brought to, by a matrix E, before the cell reads it: an embedding. It is read as it is by default. */
  readonly features?: number;
  /** Whether a context, which is read beside it, differs at every node or is one per sequence; every node by default. */
  readonly context?: "node" | "sequence";
}

/** Parameters of a cell that is fed back. They do not depend on the regime. */
export interface FedBackSpecs<P> {
  /** Those of the cell. */
  readonly cell: P;
  /** V [hidden, outputs], Glorot-uniform at first, and c [outputs], zero. */
  readonly readout: { readonly V: ParamSpec; readonly c: ParamSpec };
  /** E [target features, features], normal at first: only where `features` are given. */
  readonly embedding?: { readonly E: ParamSpec };
}

/** State of a cell that is fed back: that of the cell, and where it reads its own outputs, what it last gave and how long ago the truth was read. */
export type FedBackState<S> = S & { readonly feedback?: Shape; readonly sinceTruth?: Shape };

/** Inputs of a cell that is fed back: those of the cell, x being the truth, and where there are, a `context` and a `teacherProbability`. */
export type FedBackInputs<I = Record<never, never>> = Omit<I, "x" | "context"> & {
  readonly x: InputSpec;
  readonly context?: InputSpec;
  readonly teacherProbability?: InputSpec;
};

/**
 * A cell whose outputs come back as its inputs, as a cell: with a readout, and a regime that says at which steps it reads the truth and at
 * which what it gave itself. It serves decoders and language models of symbols and of real values.
 *
 *     r(t) = x(t) or feedback(t-1), as the regime says
 *     h(t) = cell([r(t) E, context(t)], h(t-1))
 *     o(t) = c + V h(t)                                  (10.10)
 *     feedback(t) = the mean, the mode or a sample of o(t)
 *
 * Its input x is the true target of the step before: y(t-1), and at the first step whatever stands for a beginning. With a regime that is
 * not `teacherForcing`, all of it is the same but that x is looked at less. Its output is o(t), from which `output.lossPerRow` makes the
 * loss. What the cell's x has in features beyond those of r(t) E is an input `context` of its own; the cell's other inputs stay as they
 * are. `scheduledSampling` has a shared input more, `teacherProbability`.
 *
 * The parameters are the same for every regime: train with one, go on with another. The state under `feedback` holds what was given
 * last.
 * Where the regime samples or draws coins, `unfold` needs a key.
 *
 * @throws ShapeError if the cell's x is too small for what is read; TypeError if the cell has no x, or its output is not one vector; if the
 * gradient is to flow through what has none
 * @see Goodfellow, Bengio, Courville (2016), section 10.2.1, figures 10.4 and 10.6
 * @example
 * const config = { cell: gru({ input: 8, hidden: 16 }), output: categoricalOutput({ classes: 5 }), features: 8 };
 * const cell = fedBack({ ...config, regime: freeRunning({ feed: "mode" }) });
 * const { output } = unfold(cell, cell.init(Key.of(1)), { x: tensor([0, 0, 0, 0], "int32") }, chain([3, 1]));
 * output.shape // [ 4, 5 ]: logits, from the second step on of symbols that it chose itself
 */
export function fedBack<I extends OperandSpecs, S extends Shapes, P>(
  config: FedBackConfig<I, S, P>,
): Cell<FedBackInputs<I>, FedBackState<S>, FedBackSpecs<P>, Value> {
  const { cell, output, regime, features, context = "node" } = checkSettings("fedBack", config, kinds);
  const width = features ?? output.features;
  const hidden = hiddenOf(cell);
  const rest = restOf(cell, width);
  const feeds = regime.kind !== "teacherForcing";
  const through = feeds && flowsThrough(output, regime);
  const contextInputs: InputSpecs = rest > 0 ? { context: [rest] } : {};
  const { x: _, ...others } = cell.inputs;
  checkNames(cell, rest > 0, feeds);
  type Values = Record<string, Value>;
  return defineCell({
    name: `${cell.name} fed back`,
    inputs: () => ({ x: output.target, ...others, ...(context === "node" ? contextInputs : {}) }),
    sequenceInputs: () => ({ ...cell.sequenceInputs, ...(context === "sequence" ? contextInputs : {}) }),
    sharedInputs: () => ({
      ...cell.sharedInputs,
      ...(regime.kind === "scheduledSampling" ? { teacherProbability: [] } : {}),
    }),
    sets: () => cell.sets,
    state: (): Shapes => ({
      ...cell.state,
      ...(feeds ? { feedback: [output.features], sinceTruth: [] } : {}),
    }),
    start: (params, dtype) => cell.start(params.cell as never, dtype),
    params: (): FedBackSpecs<P> => ({
      cell: cell.specs,
      readout: { V: glorot(hidden, output.outputs), c: zerosInit(output.outputs) },
      ...(features === undefined ? {} : { embedding: { E: normalInit(1, output.features, features) } }),
    }),
    step(supplied, params, draws) {
      const { x, feedback, sinceTruth, teacherProbability, ...values } = supplied as Values;
      const { cell: own, readout, embedding } = params as ParamValues<FedBackSpecs<unknown>>;
      const { V, c } = readout;
      const E = embedding?.E;
      const truth = embedded(output, x!, E, V.dtype);
      const isTrue = feeds ? readsTruth(regime, sinceTruth!, teacherProbability, draws) : null;
      const read = isTrue ? where(isTrue, truth, E ? matmul(feedback!, E) : feedback!) : truth;
      const { context: beside, ...others } = values;
      const inner = rest > 0 ? { ...others, x: concat([read, beside!]) } : { ...values, x: read };
      const result = (cell as unknown as AnyCell).step(inner, own, draws);
      const o = add(matmul(result.output, V), c);
      if (!feeds) return { state: result.state, output: o, sums: result.sums };
      const next = whatIsFed(output, regime, o, draws);
      const state = {
        ...result.state,
        feedback: through ? next : stopGradient(next),
        sinceTruth: sinceThen(regime, sinceTruth!),
      };
      return { state, output: o, sums: result.sums };
    },
  })({}) as never;
}

type AnyCell = {
  step(
    values: Readonly<Record<string, Value>>,
    params: unknown,
    context: StepContext,
  ): { state: ValuesOf<Shapes>; output: Value; sums?: unknown };
};

/** What is true, as the cell reads it. */
function embedded(output: OutputDistribution, x: Value, E: Value | undefined, dtype: Value["dtype"]): Value {
  if (E === undefined) return output.encode(x, dtype);
  return x.dtype === "int32" ? gather(E, x) : matmul(output.encode(x, dtype), E);
}

/** Whether the truth is read: where none was yet, and as the regime says. */
function readsTruth(
  regime: Exclude<Regime, { kind: "teacherForcing" }>,
  since: Value,
  probability: Value | undefined,
  draws: StepContext,
): Value {
  const first = equal(since, 0);
  return regime.kind === "scheduledSampling"
    ? where(first, first, less(draws.uniform([]), probability!))
    : first;
}

/** Steps since the truth was read for certain: 0 where it is to be read next. */
function sinceThen(regime: Exclude<Regime, { kind: "teacherForcing" }>, since: Value): Value {
  if (regime.kind !== "stepsAhead") return cast(equal(since, since), since.dtype);
  const next = add(since, 1);
  return where(equal(next, regime.steps), 0, next);
}

/** What is fed back. */
function whatIsFed(
  output: OutputDistribution,
  { feed = "sample" }: Exclude<Regime, { kind: "teacherForcing" }>,
  o: Value,
  draws: StepContext,
): Value {
  return feed === "sample" ? output.sample(o, draws.uniform([output.uniforms])) : output[feed](o);
}

/** Whether the gradient flows through what is fed back. @throws TypeError if it is to, and there is none */
function flowsThrough(
  { smooth }: OutputDistribution,
  { kind, feed = "sample", gradient }: Exclude<Regime, { kind: "teacherForcing" }>,
): boolean {
  if (gradient === "through" && !smooth.includes(feed))
    throw new TypeError(
      `fedBack: ${kind} has the gradient go through its ${feed}, which is a choice and has no derivative; feed the ${smooth.join(" or the ")}, or leave gradient at "stopped"`,
    );
  return gradient !== "stopped" && smooth.includes(feed);
}

/** Checks that the names that are added are free. @throws TypeError */
function checkNames(
  cell: Pick<Cell, "name" | "inputs" | "sequenceInputs" | "state" | "ports" | "definition">,
  hasContext: boolean,
  feeds: boolean,
) {
  const inputs = { ...cell.inputs, ...cell.sequenceInputs };
  if (hasContext && Object.hasOwn(inputs, "context"))
    throw new TypeError(
      `fedBack: cell ${cell.name} has an input "context" of its own, so nothing is joined to what is read; its x has as many features as that, or features brings them there`,
    );
  if (cell.ports.length > 0 || cell.definition.edge !== undefined)
    throw new TypeError(
      `fedBack: cell ${cell.name} is made for trees or graphs (it has ${cell.ports.length > 0 ? "ports" : "an edge step"}); what is fed back goes along a chain`,
    );
  const slot = feeds && ["feedback", "sinceTruth"].find((name) => Object.hasOwn(cell.state, name));
  if (slot)
    throw new TypeError(
      `fedBack: the state of cell ${cell.name} has a slot "${slot}", which is where fedBack keeps what it needs; give the slot another name`,
    );
}

/** Units that the readout reads. */
function hiddenOf(cell: Cell<OperandSpecs, Shapes, unknown, Value>): number {
  const { output } = cell.trace("float32");
  if (output instanceof Value && output.rank === 1) return output.shape[0]!;
  throw new TypeError(
    `fedBack: cell ${cell.name} has ${output instanceof Value ? `the output ${formatShape(output.shape)}` : "an output of several values"}, expected one vector, [features]: the readout reads it`,
  );
}

/** Features of the cell's x beyond what is read. */
function restOf(cell: Pick<Cell, "name" | "inputs">, width: number): number {
  const spec = cell.inputs.x;
  const shape = spec === undefined ? null : "shape" in spec ? spec.shape : spec;
  if (shape?.length !== 1)
    throw new TypeError(
      `fedBack: cell ${cell.name} has ${shape === null ? `no input x (inputs: ${Object.keys(cell.inputs).join(", ") || "none"})` : `the input x ${formatShape(shape)}`}, expected x, a vector [features]: what comes back goes in there`,
    );
  const rest = shape[0]! - width;
  if (rest < 0)
    throw new ShapeError(
      `fedBack: cell ${cell.name} has the input x [${shape[0]}], and what is read has ${width} features; give the cell at least as many, or fewer features to an embedding`,
    );
  return rest;
}

/** Any regime. */
export const regimeKind: RequiredKind = kind(
  "a regime, such as teacherForcing()",
  (supplied) =>
    isRecord(supplied) &&
    ["teacherForcing", "freeRunning", "stepsAhead", "scheduledSampling"].includes(supplied.kind as string),
);

const kinds: KindsOf<FedBackConfig<OperandSpecs, Shapes, unknown>> = {
  cell: instanceOf(Cell, "a cell, such as gru({ input: 3, hidden: 4 })"),
  output: outputKind,
  regime: regimeKind,
  features: optional(size),
  context: optional(oneOf("node", "sequence")),
};
