import { defineCell, type StepContext } from "../../cell/index.js";
import { check, checkSettings, having, oneOf, optional, orNull, rate } from "../../check/index.js";
import { lessEqual, mul, uniform, where } from "../../ops/index.js";
import type { Key, Shape, Value } from "../../tensor/index.js";
import { keyKind, valueKind } from "../../tensor/kinds.js";
import { type Structure, unfold } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";

/** Whether an element is kept or dropped afresh at every node, or alike at all nodes of a sequence. */
export type DrawnPer = "node" | "sequence";

/**
 * Inverted dropout: each element is 0 with probability `rate`, else x / (1 - rate), so that the mean stays.
 * What is dropped is selected away, not multiplied by 0: a NaN there does not come through.
 *
 * The draws depend on the key and the element's place in x. For rows of a structure use `dropoutOver`, whose
 * draws do not change with the batch; inside a cell, `dropoutInCell`.
 *
 * @param x any shape; traced or not
 * @param rate in [0, 1)
 * @param key null for evaluation: x itself
 * @throws RangeError if the rate is not in [0, 1)
 * @see Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting"
 * @example dropout(ones([4]), 0.5, Key.of(1)) // elements 0 or 2
 */
export function dropout(x: Value, rate: number, key: Key | null): Value {
  checkDropout("dropout", x, rate);
  check("dropout", "key", key, orNull(keyKind));
  if (key === null || rate === 0) return x;
  return dropped(x, rate, uniform(key, x.shape, x.dtype));
}

/**
 * Dropout on the rows of a structure, such as between stacked layers (Zaremba et al. 2014). A row's draws
 * depend on the key, its sequence and its place there only: a sequence run alone draws the same.
 *
 * @param x rows of the structure, [nodes, ...features]
 * @param rate in [0, 1)
 * @param key null for evaluation: x itself
 * @param options.per `sequence` keeps and drops the same features at all nodes of a sequence (Gal, Ghahramani
 * 2016)
 * @throws RangeError if the rate is not in [0, 1)
 * @example dropoutOver(chain([3, 1]), ones([4, 2]), 0.5, Key.of(1)).shape // [ 4, 2 ]
 */
export function dropoutOver(
  structure: Structure,
  x: Value,
  rate: number,
  key: Key | null,
  options?: { per?: DrawnPer },
): Value {
  check("dropoutOver", "structure", structure, structureKind);
  checkDropout("dropoutOver", x, rate);
  check("dropoutOver", "key", key, orNull(keyKind));
  const { per = "node" } = checkSettings("dropoutOver", options, kinds);
  if (key === null || rate === 0) return x;
  const cell = dropoutCell({ features: x.shape.slice(1), rate, per, ports: structure.parts.inPorts });
  return unfold(cell, {}, { x }, structure, { key }).output;
}

/**
 * Dropout inside a cell's step, where draws come from the step's context. On a state or its update, draw per
 * sequence ("variational" dropout): one mask for all steps leaves the recurrence intact.
 *
 * @param x a value of the step, any shape
 * @param rate in [0, 1); 0 draws nothing: build the cell with 0 for evaluation, its parameters are the same
 * @param context the third argument of `step`
 * @param options.per `node`, afresh at every node, or `sequence`, the same at all nodes of a sequence
 * @throws RangeError if the rate is not in [0, 1)
 * @see Gal, Ghahramani (2016), "A theoretically grounded application of dropout in recurrent neural networks"
 * @example
 * const noisy = defineCell({
 *   name: "noisy",
 *   inputs: ({ size }: { size: number; rate: number }) => ({ x: [size] }),
 *   state: ({ size }) => ({ h: [size] }),
 *   params: ({ rate }) => ({ keep: constantInit(rate) }),
 *   step({ x, h }, { keep }, context) {
 *     const next = tanh(add(x, mul(keep, dropoutInCell(h, 0.3, context, { per: "sequence" }))));
 *     return { state: { h: next }, output: next };
 *   },
 * });
 * const cell = noisy({ size: 2, rate: 0.9 });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([4, 2]) }, chain([3, 1]), { key: Key.of(2) });
 */
export function dropoutInCell(
  x: Value,
  rate: number,
  context: StepContext,
  options?: { per?: DrawnPer },
): Value {
  checkDropout("dropoutInCell", x, rate);
  check("dropoutInCell", "context", context, having("the third argument of a cell's step", "uniform"));
  const { per = "node" } = checkSettings("dropoutInCell", options, kinds);
  return rate === 0 ? x : dropped(x, rate, context.uniform(x.shape, { per }));
}

function dropped(x: Value, rate: number, draws: Value): Value {
  return where(lessEqual(rate, draws), mul(x, 1 / (1 - rate)), 0);
}

/** A cell without state: its draws are those of the nodes, and it needs no loop. */
function dropoutCell(config: {
  readonly features: Shape;
  readonly rate: number;
  readonly per: DrawnPer;
  readonly ports: readonly string[];
}) {
  return defineCell({
    name: "dropout",
    ports: config.ports,
    inputs: () => ({ x: config.features }),
    state: () => ({}),
    params: () => ({}),
    step: ({ x }, _, context) => ({
      state: {},
      output: dropoutInCell(x, config.rate, context, { per: config.per }),
    }),
  })(config);
}

function checkDropout(what: string, x: unknown, share: unknown): void {
  check(what, "x", x, valueKind);
  check(what, "rate", share, rate);
}

const kinds = { per: optional(oneOf("node", "sequence")) };
