import { Var } from "../autodiff/index.js";
import { apply, constant, less, mul, reshape, spreadToOp, where } from "../ops/index.js";
import { formatShape, sameShape, type Value } from "../tensor/index.js";
import { setCount, setLogSumExp, setMax, setMean, setSoftmax, setSum } from "./set-functions.js";
import type { Shapes } from "./step.js";
import { CellError } from "./verify.js";

/**
 * What a node makes of a slot of the messages that come along its edges. `sum`, `mean`, `max` and `logSumExp` element by element;
 * `softmax`: sum over edges e of w_e m_e with w = softmax of m over the edges, element by element, or, as `{ softmax: slot }`, of another
 * slot of the message: one weight per edge, or one per element. `each`: the step reads the messages as they are, a value per edge, and
 * reduces them itself with `setSum` and its like. A node without edges reads zeros, whatever the reduction.
 */
export type MessageReduction<Slot extends string = string> =
  | "sum"
  | "mean"
  | "max"
  | "logSumExp"
  | "softmax"
  | "each"
  | { readonly softmax: Slot };

/** Reductions by slot of the message; `sum` by default. */
export type MessageReductions = Readonly<Record<string, MessageReduction | undefined>>;

const byName: Readonly<Record<Exclude<MessageReduction, object>, (m: Value) => Value>> = {
  sum: setSum,
  mean: setMean,
  max: (m) => whereEdges(m, setMax(m)),
  logSumExp: (m) => whereEdges(m, setLogSumExp(m)),
  softmax: (m) => setSum(mul(setSoftmax(m), m)),
  each: (m) => m,
};
const reductions = Object.keys(byName);

/** Checks the reductions of a definition. @throws CellError naming the slot */
export function checkMessages(cell: string, messages: MessageReductions, slots: Shapes): void {
  for (const [slot, reduction] of Object.entries(messages)) {
    const what = `cell ${cell}: messages.${slot}`;
    if (!Object.hasOwn(slots, slot))
      throw new CellError(
        `${what}: a message has no slot "${slot}"; its slots are ${Object.keys(slots).join(", ") || "none"}`,
      );
    if (reduction === undefined) continue;
    if (typeof reduction !== "object" || reduction === null) {
      if (reductions.includes(reduction)) continue;
      throw new CellError(
        `${what} is ${JSON.stringify(reduction)}; a reduction is one of ${reductions.join(", ")}, or { softmax: slot }`,
      );
    }
    const { softmax } = reduction;
    const weights = Object.hasOwn(slots, softmax) ? slots[softmax]! : undefined;
    if (weights === undefined)
      throw new CellError(
        `${what}: the weights come from the slot "${softmax}", which a message does not have; its slots are ${Object.keys(slots).join(", ")}`,
      );
    if (weights.length > 0 && !sameShape(weights, slots[slot]!))
      throw new CellError(
        `${what}: weights of shape ${formatShape(weights)} for ${formatShape(slots[slot]!)}; give one per edge, [], or one per element`,
      );
  }
}

/** What a node reads of the messages that come along its edges, by slot. */
export function reducedMessages(
  names: readonly string[],
  messages: readonly Value[],
  reductionOf: MessageReductions,
): Value[] {
  const perEdge = messages.map(atEdges);
  return perEdge.map((m, s) => {
    const reduction = reductionOf[names[s]!] ?? "sum";
    if (typeof reduction !== "object") return byName[reduction](m);
    const weights = setSoftmax(perEdge[names.indexOf(reduction.softmax)]!);
    return setSum(mul(sameShape(weights.shape, m.shape) ? weights : reshaped(weights, m.rank), m));
  });
}

/** A message may be alike at several edges; it comes along each of them all the same. */
function atEdges(v: Value): Value {
  if (!(v instanceof Var) || v.scope === "edge") return v;
  return apply(spreadToOp, { from: v.scope, to: "edge" }, v);
}

function reshaped(v: Value, rank: number): Value {
  return reshape(v, new Array<number>(rank).fill(1));
}

/** The value where a node has edges, else zeros. */
function whereEdges(messages: Value, reduced: Value): Value {
  return where(less(0, setCount(messages)), reduced, constant(0, reduced.shape, reduced.dtype));
}
