import { checkLoss } from "../autodiff/index.js";
import { check, func } from "../check/index.js";
import { scope, type Traceable, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { lagsToSplitAt } from "./by-lag.js";
import { dispose, draws, inFloat64, owned, type RanLayer, statesRead } from "./layer-steps.js";
import { longestPath } from "./paths.js";
import { productGrowth, thinned } from "./product-growth.js";
import {
  bySequence,
  constantOf,
  type ProductAtLag,
  products,
  quantile,
  type SelfLoop,
  selfLoops,
} from "./self-loops.js";
import { watchStates } from "./state-gradients.js";

/** The time constants that a model sets itself, in one slot of one layer's state. */
export interface TimeConstants {
  /** The layer's place among the recurrent layers in the order in which they ran, counted from 0, and its cell's name. */
  readonly layer: number;
  readonly cell: string;
  readonly slot: string;
  readonly units: number;
  /**
   * f of each sequence, [steps, units]: what each unit is multiplied by on its direct path from step to step. Over trees and graphs
   * [edges, units], in the order of the nodes that read.
   */
  readonly factors: readonly Float64Array[];
  /** -1 / ln |f| in steps, of the same form: at this f, 1/e of a value is left after so many. Infinity where |f| is 1 or more, 0 where f is 0. */
  readonly constants: readonly Float64Array[];
  /** Of each unit, -1 over the mean of ln |f|, in steps: what its factors amount to in the end. */
  readonly perUnit: Float64Array;
  /** The product of f beside that of the whole steps' Jacobians, at a few dozen lags from the end of the longest sequence or path. */
  readonly products: readonly ProductAtLag[];
}

/**
 * The time constants that a model sets itself: how long each unit of a gated cell keeps what it holds, step by step.
 *
 *     s(t) = f(t) s(t-1) + ...,   tau(t) = -1 / ln |f(t)|
 *
 * f is found by derivation for any cell, a user's own too: the derivative of a slot of the new state with respect to the same slot of the old one,
 * along additions and products element by element alone, all else that the step makes of its state being held. For an LSTM it is the
 * forget gate, for a GRU the update gate, for a leaky unit its constant; a slot without such a path has none.
 *
 * Each slot is followed by itself. A rotation of two slots, such as the parts of the complex state of `linearRecurrentUnit`, is in the Jacobians
 * only: f is the part that each slot keeps of itself.
 *
 * The gradient also goes other ways, through the gates and through h. What they add or take is the difference between the product of f and that
 * of the Jacobians, d s(T) / d s(T - lag), which `products` puts side by side.
 *
 * @param loss runs once, with the parameters given
 * @returns one entry for each slot of each layer that has a self-loop; none of a cell that draws random numbers
 * @throws Error if no recurrent layer takes part
 * @see Goodfellow, Bengio, Courville (2016), sections 10.9.2 and 10.10.1
 * @example
 * const cell = lstm({ input: 2, hidden: 8, forgetBias: 3 });
 * const [s] = await timeConstants(
 *   (params) => sum(square(unfold(cell, params, { x: ones([40, 2]) }, chain([20, 20])).final.h)),
 *   cell.init(Key.of(1)),
 * );
 * s!.slot // "s"
 * s!.constants[0]!.length // 160: 20 steps of 8 units
 */
export async function timeConstants<P>(
  loss: (params: Traceable<P>) => Value,
  params: P,
): Promise<TimeConstants[]> {
  const what = "timeConstants";
  check(what, "loss", loss, func);
  check(what, "params", params, treeKind);
  const seen = scope(() => {
    const computeLoss = () => ({ loss: checkLoss({ what }, loss(params as Traceable<P>)), aux: null });
    const { layers, calls } = watchStates(computeLoss, { what, all: true });
    return { layers: owned(layers.map((l) => ({ ...l, ...inFloat64(l.params, l.inputs) }))), calls };
  });
  if (seen.calls.length === 0)
    throw new Error(`${what}: the loss runs no recurrent layer; nothing to report on`);
  const out: TimeConstants[] = [];
  for (const [i, { cell, structure }] of seen.calls.entries()) {
    if (draws(cell)) continue;
    const { states, inputs, initial, params: own } = seen.layers[i]!;
    const layer = {
      cell,
      structure,
      params: own,
      inputs,
      sources: await statesRead(structure, cell, states, initial),
    };
    const loops = await selfLoops(layer);
    const path = longestPath(structure);
    const growth = loops.length > 0 ? await productGrowth(layer, path, lagsShown) : [];
    for (const loop of loops) {
      const factors = bySequence(loop, structure);
      out.push({
        layer: i,
        cell: cell.name,
        slot: loop.slot,
        units: loop.units,
        factors,
        constants: factors.map((f) => f.map((v) => constantOf(Math.log(Math.abs(v))))),
        perUnit: constantsOfUnits(loop),
        products: productsShown(loop, path, growth),
      });
    }
  }
  dispose(seen.layers);
  return out;
}

/** Lags at which products are told. */
const lagsShown = 32;

/** A self-loop in figures, for a report of the whole layer. */
export interface SelfLoopFigures {
  readonly slot: string;
  readonly units: number;
  /** Of all units and steps, the time constants -1 / ln |f| in steps below which a tenth, a half and nine tenths are. */
  readonly tenth: number;
  readonly median: number;
  readonly ninetieth: number;
  /** Of each unit, -1 over the mean of ln |f|. */
  readonly perUnit: Float64Array;
  readonly products: readonly ProductAtLag[];
}

/** The self-loops of a layer in figures. @param growth as far as it was formed */
export async function selfLoopFigures(
  layer: RanLayer,
  path: Int32Array,
  growth: Awaited<ReturnType<typeof productGrowth>>,
): Promise<SelfLoopFigures[]> {
  return (await selfLoops(layer)).map((loop) => {
    const sorted = loop.factors.map((f) => constantOf(Math.log(Math.abs(f)))).sort();
    return {
      slot: loop.slot,
      units: loop.units,
      tenth: quantile(sorted, 0.1),
      median: quantile(sorted, 0.5),
      ninetieth: quantile(sorted, 0.9),
      perUnit: constantsOfUnits(loop),
      products: productsShown(loop, path, growth),
    };
  });
}

function productsShown(
  loop: SelfLoop,
  path: Int32Array,
  growth: Parameters<typeof products>[3],
): ProductAtLag[] {
  const all = lagsToSplitAt(path.length + 1).filter((lag) => lag > 0);
  const lags = new Set([...thinned(all, lagsShown), ...growth.map(({ lag }) => lag)]);
  return products(loop, path, [...lags], growth);
}

function constantsOfUnits({ factors, units }: SelfLoop): Float64Array {
  const logs = new Float64Array(units);
  factors.forEach((f, k) => {
    logs[k % units]! += Math.log(Math.abs(f));
  });
  return logs.map((sum) => constantOf(sum / Math.max(1, factors.length / units)));
}
