import { defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, kind, listOf, type RequiredKind, size } from "../../check/index.js";
import { add, concat, matmul, slice, tanh } from "../../ops/index.js";
import { type Shape, scope, type Tensor, type Value } from "../../tensor/index.js";
import { glorot, orthogonal, zerosInit } from "../init/index.js";
import { specOf } from "../init/spec.js";
import { recurrent } from "../layers/recurrent.js";
import type { SequenceLayer } from "../module.js";
import { groupsKind } from "./groups-kind.js";

/** Units that read the same steps. */
export interface DelayedGroup {
  readonly units: number;
  /** How many steps back they read: `1` for the step before, `[1, 8]` for that and an older one, `[8]` for the older one alone. */
  readonly delays: number | readonly number[];
}

/** Settings of `delayedRnn`. */
export interface DelayedRnnConfig {
  /** Features of x. */
  readonly input: number;
  readonly groups: readonly DelayedGroup[];
}

/** Parameters of `delayedRnn`. */
export interface DelayedRnnParams {
  /** [input, hidden] */
  readonly U: Tensor;
  /** For each delay d, as `d8`: [hidden, the units of all groups that read it]. */
  readonly W: Readonly<Record<string, Tensor>>;
  /** [hidden] */
  readonly b: Tensor;
}

/**
 * A recurrent network with delays: its units read what all units were several steps ago.
 *
 *     h(t) = tanh(b + U x(t) + sum over d of W_d h(t-d))
 *
 * Each delay has a matrix of its own, and each group of units its own delays. A group with a delay of 1 and longer ones has both paths
 * (Lin et al. 1996): gradients fall with tau / d along the long one, and may still grow with tau along the short one. A group without a delay
 * of 1 is forced to a long time scale (section 10.9.3). Where no group reads the step before, as many steps run side by side as the
 * shortest delay has.
 *
 * x [nodes, input] over a chain gives [nodes, hidden], hidden being the units of all groups, in their order. The state `h` is that of the
 * last D steps, D the longest delay, the oldest first: [sequences, D, hidden]. U starts Glorot-uniform, b zero, the matrices of a group
 * orthogonal, divided by the number of its delays.
 *
 * For cells of your own: name a port for each delay, and run `recurrent(cell, { delays })`.
 *
 * @throws TypeError for a delay that comes twice
 * @throws StructureError if the structure is not a chain
 * @see Goodfellow, Bengio, Courville (2016), sections 10.9.1 and 10.9.3; Lin et al. (1996), "Learning long-term dependencies in NARX
 * recurrent neural networks"
 * @example
 * const layer = delayedRnn({ input: 3, groups: [{ units: 4, delays: [1, 5] }, { units: 2, delays: 10 }] });
 * const { output, final } = layer.apply(layer.init(Key.of(1)), zeros([30, 3]), chain([20, 10]));
 * // output [30, 6]; final.h [2, 10, 6]
 */
export function delayedRnn(config: DelayedRnnConfig): SequenceLayer<DelayedRnnParams, { readonly h: Value }> {
  const { input, groups } = checkSettings("delayedRnn", config, kinds);
  const own = groups.map((group) => ({ units: group.units, delays: delaysOf(group) }));
  own.forEach(({ delays }, g) => {
    const twice = delays.find((d, i) => delays.indexOf(d) !== i);
    if (twice !== undefined)
      throw new TypeError(`delayedRnn: groups[${g}].delays has ${twice} twice; each delay has one matrix`);
  });
  const all = [...new Set(own.flatMap(({ delays }) => delays))].sort((a, b) => a - b);
  const delays = Object.fromEntries(all.map((d) => [`d${d}`, d]));
  const hidden = own.reduce((sum, { units }) => sum + units, 0);
  const cell = defineCell({
    name: "delayedRnn",
    ports: Object.keys(delays),
    inputs: (): { x: Shape } => ({ x: [input] }),
    state: (): { h: Shape } => ({ h: [hidden] }),
    params: () => ({
      U: glorot(input, hidden),
      W: Object.fromEntries(Object.entries(delays).map(([port, d]) => [port, matrixOf(hidden, own, d)])),
      b: zerosInit(hidden),
    }),
    step({ x, ...read }, { U, W, b }) {
      const states = read as unknown as Readonly<Record<string, { readonly h: Value }>>;
      const products = all.map((d) => matmul(states[`d${d}`]!.h, W[`d${d}`]!));
      const next = tanh(sumOfGroups(own, all, add(matmul(x, U), b), products));
      return { state: { h: next }, output: next };
    },
  })(undefined);
  return recurrent(cell, { delays }) as never;
}

/** A group with its delays as a list. */
interface Group {
  readonly units: number;
  readonly delays: readonly number[];
}

/** The matrix of one delay: columns for the units of each group that has it. */
function matrixOf(hidden: number, groups: readonly Group[], delay: number): ParamSpec {
  const blocks = groups
    .filter(({ delays }) => delays.includes(delay))
    .map(({ units, delays }) => orthogonal(hidden, units, { gain: 1 / delays.length }));
  const columns = blocks.reduce((sum, { shape }) => sum + shape[1]!, 0);
  return specOf("delayedRnn", [hidden, columns], (key, _, dtype) =>
    scope(() => concat(blocks.map((b, g) => b.initialise(key.fold(g), b.shape, dtype))) as Tensor),
  );
}

/** a plus, for each group, its columns of the products that it has a part in. @param products per delay, side by side those of its groups */
function sumOfGroups(
  groups: readonly Group[],
  all: readonly number[],
  a: Value,
  products: readonly Value[],
): Value {
  if (groups.length === 1) return products.reduce(add, a);
  const taken = all.map(() => 0);
  let first = 0;
  const sums = groups.map(({ units, delays }) => {
    const own = slice(a, -1, first, first + units);
    first += units;
    return all.reduce((sum, d, i) => {
      if (!delays.includes(d)) return sum;
      taken[i]! += units;
      return add(sum, slice(products[i]!, -1, taken[i]! - units, taken[i]!));
    }, own);
  });
  return concat(sums);
}

function delaysOf({ delays }: DelayedGroup): readonly number[] {
  return typeof delays === "number" ? [delays] : delays;
}

const delayList = listOf(size, "a list of delays, each a positive integer");
const delaysKind: RequiredKind = {
  ...kind(
    "a delay in steps, or a list of them",
    (value) => size.accepts(value) || (delayList.accepts(value) && (value as readonly unknown[]).length > 0),
  ),
  refusal: (subject, value) =>
    typeof value === "number" ? size.refusal(subject, value) : delayList.refusal(subject, value),
};
const kinds = {
  input: size,
  groups: groupsKind({ units: size, delays: delaysKind }),
};
