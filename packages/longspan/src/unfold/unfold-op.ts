import type { JointRule, PerExampleRule } from "../autodiff/index.js";
import type { CellGraph, LinearizedCell } from "../cell/index.js";
import { type CompiledCell, compileCell } from "../compile/index.js";
import { type Aval, applyAll, type Linear, type Op, type Scope } from "../ops/index.js";
import type { Binding, Executable, Executor } from "../program/index.js";
import {
  defaultExecutor,
  formatShape,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
  uninitialised,
  type Value,
} from "../tensor/index.js";
import type { Backward } from "./backward.js";
import { copyRows } from "./copy-rows.js";
import { linearized, remembered, transposed } from "./derived-cells.js";
import { unfoldPerExample } from "./per-example.js";
import { rowSpaces } from "./row-spaces.js";
import { classOf, layoutOf, scheduleOf } from "./schedule.js";
import type { Structure } from "./structures/structure.js";

/**
 * The attributes of an application of `unfold`. Operands: the cell's values, then the initial states of the source slots that have
 * one. Results: the cell's outputs, then the final states of the sink slots that are wanted.
 */
export interface UnfoldAttrs {
  readonly cell: CellGraph;
  readonly structure: Structure;
  /** Per source slot: whether there is an initial state. */
  readonly initials: readonly boolean[];
  /** Per sink slot: whether the final state is a result. */
  readonly finals: readonly boolean[];
  readonly backward: Backward;
  /** For a cell that is linear: the first value that it is linear in. */
  readonly linearFrom?: number;
  /** How derivatives further out treat the run at which this application is differentiated; as this application by default. */
  readonly outerDerivative?: OuterDerivative;
}

/** Another way to differentiate an unfold, for the derivatives around its own. */
export interface OuterDerivative {
  readonly op: Op<UnfoldAttrs>;
  readonly backward: Backward;
  /** The cell with what treats gradients on their way. */
  readonly treated: (cell: CellGraph) => CellGraph;
}

/** Rows that a value of this scope has over a structure. */
function rowsOf(scope: Scope, { structure, cell }: UnfoldAttrs): Shape {
  return scope === "one" ? [] : [rowSpaces[scope].count(layoutOf(structure, cell))];
}

/** The shapes of the operands that an application expects, with names for messages. */
function operandsOf(attrs: UnfoldAttrs): (Aval & { name: string })[] {
  const { cell, initials } = attrs;
  const values = cell.values.map(({ name, variable: v }) => ({
    name,
    shape: [...rowsOf(v.scope, attrs), ...v.shape],
    dtype: v.dtype,
  }));
  const sources = cell.sourceSlots
    .filter((_, s) => initials[s])
    .map((s) => ({
      name: `initial ${s.name}`,
      shape: [attrs.structure.parts.sources, ...s.shape],
      dtype: s.dtype,
    }));
  return [...values, ...sources];
}

/** The shapes of an application's results. */
export function resultsOf(attrs: UnfoldAttrs): Aval[] {
  const { cell, finals, structure } = attrs;
  const outputs = cell.outputs.map((o) => ({
    shape: [...rowsOf(o.scope, attrs), ...o.value.shape],
    dtype: o.value.dtype,
  }));
  const sinks = cell.sinkSlots
    .filter((_, s) => finals[s])
    .map((s) => ({ shape: [structure.parts.sinks, ...s.shape], dtype: s.dtype }));
  return [...outputs, ...sinks];
}

/**
 * A cell unfolded over a structure, as one primitive. Its derivative is an unfold of the derived cell; the transpose of a
 * linear unfold is an unfold of the transposed cell over the transposed structure.
 */
export const unfoldOp: Op<UnfoldAttrs> & JointRule & PerExampleRule = {
  name: "unfold",
  infer(attrs, inputs) {
    operandsOf(attrs).forEach((expected, i) => {
      const got = inputs[i];
      if (!got || !sameShape(got.shape, expected.shape) || got.dtype !== expected.dtype)
        throw new ShapeError(
          `unfold ${attrs.cell.name}: ${expected.name} should be ${expected.dtype} ${formatShape(expected.shape)}, got ${got ? `${got.dtype} ${formatShape(got.shape)}` : "nothing"}`,
        );
    });
    return resultsOf(attrs);
  },

  jvp: ({ attrs, inputs }, tangents) => unfoldOp.valueAndJvp(attrs, inputs, tangents).derivatives,

  valueAndJvp(attrs: UnfoldAttrs, inputs, tangents) {
    const { cell, initials } = attrs;
    const values = cell.values.length;
    const { activeValues, activeSources } = activityOf(attrs, tangents);
    const lin = linearized(cell, activeValues, activeSources);
    const { outputs, residuals } = runWithResiduals(attrs, lin, inputs);
    const sourceIndex = positions(initials);
    const results = applyAll(unfoldOp, tangentOf(attrs, lin, activeSources), [
      ...residuals,
      ...lin.activeValues.map((i) => tangents[i]!),
      ...lin.activeSlots.filter((s) => activeSources[s]).map((s) => tangents[values + sourceIndex[s]!]!),
    ]);
    return { outputs, derivatives: derivativesOf(attrs, lin, results) };
  },

  transpose({ attrs, inputs }, cotangents) {
    const { cell, initials, finals, structure, linearFrom } = attrs;
    if (linearFrom === undefined) throw new Error("unfold: only a linear cell can be transposed");
    const outputs = cell.outputs.map((_, i) => cotangents[i] !== undefined);
    const finalIndex = positions(finals);
    const sinkCt = (s: number) => (finals[s] ? cotangents[cell.outputs.length + finalIndex[s]!] : undefined);
    const sinks = cell.sinkSlots.map((_, s) => sinkCt(s) !== undefined);
    const t = transposed(cell, linearFrom, outputs, sinks);
    const back: UnfoldAttrs = {
      cell: t.cell,
      structure: structure.transposed(),
      initials: t.activeSlots.map((s) => sinks[s]!),
      finals: t.activeSlots.map((s) => initials[s]!),
      backward: { kind: "full" },
    };
    const operands = [
      ...inputs.slice(0, linearFrom),
      ...cell.outputs.flatMap((_, i) => cotangents[i] ?? []),
      ...t.activeSlots.flatMap((s) => sinkCt(s) ?? []),
    ];
    const results = applyAll(unfoldOp, back, operands);
    const cts: Linear[] = inputs.map(() => undefined);
    t.activeValues.forEach((i, k) => {
      cts[linearFrom + i] = results[k];
    });
    const sourceIndex = positions(initials);
    let at = t.cell.outputs.length;
    for (const s of t.activeSlots) if (initials[s]) cts[cell.values.length + sourceIndex[s]!] = results[at++];
    return cts;
  },

  perExample: (attrs: UnfoldAttrs, inputs, level) =>
    unfoldPerExample(
      {
        ...attrs,
        run: (cell, rows) => applyAll(unfoldOp, { ...attrs, cell }, rows),
      },
      inputs,
      level,
    ),

  lowering: { kind: "run", run: (attrs, inputs) => run(attrs, inputs) },
  samples: [],
};

/** Which values and which source slots of the cell have tangents. */
export function activityOf(
  { cell, initials }: UnfoldAttrs,
  tangents: readonly Linear[],
): { activeValues: boolean[]; activeSources: boolean[] } {
  const values = cell.values.length;
  const sourceIndex = positions(initials);
  return {
    activeValues: tangents.slice(0, values).map((t) => t !== undefined),
    activeSources: cell.sourceSlots.map(
      (_, s) => initials[s]! && tangents[values + sourceIndex[s]!] !== undefined,
    ),
  };
}

/** The results of an unfold, and what its derivative needs. */
export function runWithResiduals(
  attrs: UnfoldAttrs,
  { forward, residuals }: LinearizedCell,
  inputs: readonly Value[],
): { outputs: Value[]; residuals: Value[] } {
  const { outerDerivative, ...own } = attrs;
  const primal = outerDerivative
    ? applyAll(
        outerDerivative.op,
        { ...own, cell: outerDerivative.treated(forward), backward: outerDerivative.backward },
        inputs,
      )
    : applyAll(unfoldOp, { ...own, cell: forward }, inputs);
  return {
    outputs: [...primal.slice(0, attrs.cell.outputs.length), ...primal.slice(forward.outputs.length)],
    residuals: residuals.map((r) => (r.from === "value" ? inputs[r.index]! : primal[r.index]!)),
  };
}

/**
 * The derivative of an unfold as a linear unfold. Operands: the residuals, the tangents of the active values, those of the
 * active sources.
 */
export function tangentOf(
  { structure, finals, backward }: UnfoldAttrs,
  lin: LinearizedCell,
  activeSources: readonly boolean[],
): UnfoldAttrs {
  return {
    cell: lin.tangent,
    structure: backward.kind === "truncated" ? structure.truncated(backward.every) : structure,
    initials: lin.activeSlots.map((s) => activeSources[s]!),
    finals: lin.activeSlots.map((s) => finals[s]!),
    backward: { kind: "full" },
    linearFrom: lin.residuals.length,
  };
}

/** The tangents of all results of an unfold, from those that its tangent unfold gives. */
export function derivativesOf(
  { cell, finals }: UnfoldAttrs,
  lin: LinearizedCell,
  results: readonly Value[],
): Linear[] {
  const wanted = finals.filter((f) => f).length;
  const derivatives = new Array<Linear>(cell.outputs.length + wanted).fill(undefined);
  lin.activeOutputs.forEach((i, k) => {
    derivatives[i] = results[k];
  });
  const finalIndex = positions(finals);
  let at = lin.tangent.outputs.length;
  for (const s of lin.activeSlots)
    if (finals[s]) derivatives[cell.outputs.length + finalIndex[s]!] = results[at++];
  return derivatives;
}

/** The index of each marked element among the marked ones; -1 for the others. */
export function positions(flags: readonly boolean[]): number[] {
  let n = 0;
  return flags.map((f) => (f ? n++ : -1));
}

/** Runs an unfold on data. Results for which `destinations` holds a tensor are written there. */
export function run(
  attrs: UnfoldAttrs,
  inputs: readonly Tensor[],
  destinations: readonly (Tensor | undefined)[] = [],
): Tensor[] {
  const avals = unfoldOp.infer(attrs, inputs);
  const { cell, structure, initials, finals } = attrs;
  const executor = inputs[0]?.executor ?? defaultExecutor();
  const { compiled, executable } = executableFor(attrs, executor);
  const layout = layoutOf(structure, cell);
  const schedule = scheduleOf(layout, compiled.tables);
  const bindings: (Binding | undefined)[] = compiled.program.buffers.map(() => undefined);
  compiled.valueBuffers.forEach((b, i) => {
    bindings[b] = inputs[i]!.binding();
  });
  const sourceIndex = positions(initials);
  compiled.sourceBuffers.forEach((b, s) => {
    if (b !== null) bindings[b] = inputs[cell.values.length + sourceIndex[s]!]!.binding();
  });
  const whole = new Map<number, Tensor>();
  const results = compiled.outputs.map(({ buffer, state: at }, i) => {
    const { shape, dtype } = avals[i]!;
    if (at === null) {
      const t = destinations[i] ?? uninitialised(shape, dtype);
      bindings[buffer] = t.binding();
      return t;
    }
    const decl = compiled.program.buffers[buffer]!;
    let state = whole.get(buffer);
    if (!state) {
      state = uninitialised([schedule.counts[decl.space]!, decl.columns], dtype);
      whole.set(buffer, state);
      bindings[buffer] = state.binding();
    }
    const begin = at.arriving ? layout.arrivals[at.port]!.index[0]! : layout.portBegin(at.port);
    return state.view(shape, begin * decl.columns);
  });
  const finalIndex = positions(finals);
  compiled.finalBuffers.forEach((b, s) => {
    if (b === null) return;
    const { shape, dtype } = avals[cell.outputs.length + finalIndex[s]!]!;
    const t = uninitialised(shape, dtype);
    bindings[b] = t.binding();
    results.push(t);
  });
  executor.run(executable, schedule, bindings);
  for (const t of whole.values()) t.dispose();
  return results.map((t, i) => {
    const destination = destinations[i];
    if (destination === undefined || destination === t) return t;
    copyRows(t, null, destination);
    t.dispose();
    return destination;
  });
}

interface Ready {
  readonly compiled: CompiledCell;
  readonly executables: Map<Executor, Executable>;
}

const programs = new WeakMap<CellGraph, Map<string, Ready>>();

/**
 * The program of an application: compiled once per cell, class of structures, and choice of operands and results.
 * @example
 * const { graph: traced } = gru({ input: 3, hidden: 4 }).trace("float32");
 * const application = { cell: traced, structure: chain([5, 2]), initials: [false], finals: [false] };
 * const { compiled } = executableFor({ ...application, backward: { kind: "full" } }, defaultExecutor());
 * kinds(compiled.program.loop) // [ "gemm", "map", "gemm", "map" ]
 */
export function executableFor(
  attrs: UnfoldAttrs,
  executor: Executor,
): { compiled: CompiledCell; executable: Executable } {
  const { cell, initials, finals, structure } = attrs;
  const structureClass = classOf(layoutOf(structure, cell), cell);
  const key = JSON.stringify([structureClass, initials, finals]);
  const ready = remembered(programs, cell, key, () => ({
    compiled: compileCell(cell, structureClass, initials, finals),
    executables: new Map<Executor, Executable>(),
  }));
  let executable = ready.executables.get(executor);
  if (!executable) {
    executable = executor.compile(ready.compiled.program);
    ready.executables.set(executor, executable);
  }
  return { compiled: ready.compiled, executable };
}
