import type { JointRule } from "../autodiff/index.js";
import type { LinearizedCell } from "../cell/index.js";
import { applyAll, constant, isConcrete, type Linear, type LinearCall, type Op } from "../ops/index.js";
import { scopeOfData, type Tensor, type Value } from "../tensor/index.js";
import { runByBlocks, transposeByBlocks } from "./by-blocks.js";
import { linearized } from "./derived-cells.js";
import {
  activityOf,
  derivativesOf,
  positions,
  resultsOf,
  run,
  runWithResiduals,
  tangentOf,
  type UnfoldAttrs,
  unfoldOp,
} from "./unfold-op.js";

/**
 * An unfold that keeps, for its derivative, the states between blocks of levels instead of residuals at every
 * step. The derivative is one linear op; its transpose goes through the blocks from the last to the first and computes the
 * residuals of one block at a time.
 *
 * This holds in reverse mode and for operands that are data. What is differentiated forwards, or once more, is the full unfold.
 */
export const checkpointedUnfoldOp: Op<UnfoldAttrs> & JointRule = {
  name: "checkpointedUnfold",
  infer: unfoldOp.infer,

  jvp: ({ attrs, inputs }, tangents) => checkpointedUnfoldOp.valueAndJvp(attrs, inputs, tangents).derivatives,

  valueAndJvp(attrs: UnfoldAttrs, inputs, tangents) {
    const isForwardMode = tangents.every(isKnown);
    if (isForwardMode || !inputs.every(isConcrete))
      return unfoldOp.valueAndJvp({ ...attrs, backward: { kind: "full" } }, inputs, tangents);
    const { outputs, checkpoints } = scopeOfData(() => runByBlocks(attrs, inputs));
    const { activeValues, activeSources } = activityOf(attrs, tangents);
    const held = inputs.length + checkpoints.length;
    const derivative: TangentAttrs = { unfold: attrs, activeValues, activeSources, held };
    const lin = linearizationOf(derivative);
    const sourceIndex = positions(attrs.initials);
    const results = applyAll(checkpointedTangentOp, derivative, [
      ...inputs,
      ...checkpoints,
      ...lin.activeValues.map((i) => tangents[i]!),
      ...lin.activeSlots
        .filter((s) => activeSources[s])
        .map((s) => tangents[attrs.cell.values.length + sourceIndex[s]!]!),
    ]);
    return { outputs, derivatives: derivativesOf(attrs, lin, results) };
  },

  lowering: unfoldOp.lowering,
  samples: [],
};

/**
 * Operands of the derivative: those of the unfold and the states that enter its blocks, which are held fixed and are data; then
 * the tangents of the active values and of the active sources.
 */
interface TangentAttrs {
  readonly unfold: UnfoldAttrs;
  readonly activeValues: readonly boolean[];
  readonly activeSources: readonly boolean[];
  readonly held: number;
}

const checkpointedTangentOp: Op<TangentAttrs> = {
  name: "checkpointedTangent",
  infer: (attrs) => resultsOf(fullTangent(attrs)),

  jvp({ attrs, inputs }, tangents) {
    const linear = inputs.map((v, i) => tangents[i] ?? constant(0, v.shape, v.dtype)).slice(attrs.held);
    return applyAll(checkpointedTangentOp, attrs, [...inputs.slice(0, attrs.held), ...linear]);
  },

  transpose(call, cotangents) {
    const { attrs, inputs } = call;
    const held = inputs.slice(0, attrs.held) as Tensor[];
    const cts = cotangents.every(isKnown)
      ? scopeOfData(() =>
          transposeByBlocks(
            { unfold: attrs.unfold, lin: linearizationOf(attrs), tangent: fullTangent(attrs) },
            held,
            inputs.slice(attrs.held),
            cotangents,
          ),
        )
      : transposeInFull(call, cotangents);
    return [...held.map(() => undefined), ...cts];
  },

  lowering: {
    kind: "run",
    run: (attrs, inputs) =>
      scopeOfData(() =>
        run(fullTangent(attrs), [...fullResiduals(attrs, inputs), ...inputs.slice(attrs.held)] as Tensor[]),
      ),
  },
  samples: [],
};

/** A zero that is known, or data. */
function isKnown(v: Linear): v is Tensor | undefined {
  return v === undefined || isConcrete(v);
}

function linearizationOf({
  unfold,
  activeValues,
  activeSources,
}: Omit<TangentAttrs, "held">): LinearizedCell {
  return linearized(unfold.cell, activeValues, activeSources);
}

/** The derivative as one unfold over the whole structure. */
function fullTangent(attrs: TangentAttrs): UnfoldAttrs {
  return tangentOf(attrs.unfold, linearizationOf(attrs), attrs.activeSources);
}

function fullResiduals(attrs: TangentAttrs, inputs: readonly Value[]): Value[] {
  const { cell, initials } = attrs.unfold;
  const operands = inputs.slice(0, cell.values.length + initials.filter((g) => g).length);
  return runWithResiduals(attrs.unfold, linearizationOf(attrs), operands).residuals;
}

function transposeInFull(call: LinearCall<TangentAttrs>, cotangents: readonly Linear[]): readonly Linear[] {
  const { attrs, inputs, linear, outputs } = call;
  const residuals = fullResiduals(attrs, inputs);
  const operands = {
    inputs: [...residuals, ...inputs.slice(attrs.held)],
    linear: [...residuals.map(() => false), ...linear.slice(attrs.held)],
  };
  const cts = unfoldOp.transpose!({ attrs: fullTangent(attrs), outputs, ...operands }, cotangents);
  return cts.slice(residuals.length);
}
