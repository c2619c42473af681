import { directSlots } from "../unfold/direct-paths.js";
import type { Structure } from "../unfold/index.js";
import { pullBack, type RanLayer, stateSizes } from "./layer-steps.js";
import type { GrowthAtLag } from "./product-growth.js";

/** What becomes of one slot of the state on its direct path, along every edge. */
export interface SelfLoop {
  readonly slot: string;
  readonly units: number;
  /** f: what each unit of the old slot is multiplied by on its direct path into the new one, [reads, units]. */
  readonly factors: Float64Array;
}

/** The product of a self-loop's factors beside the Jacobians of whole steps, at one lag from the end of the longest sequence or path. */
export interface ProductAtLag {
  readonly lag: number;
  /** ln of the largest and of the median |f(T) f(T-1) ... f(T-lag+1)| over the units; -Infinity where it is zero. */
  readonly largest: number;
  readonly median: number;
  /** ln of the largest singular value of d slot(T) / d slot(T - lag), by every path; null where the Jacobians were not formed. */
  readonly jacobian: number | null;
}

/**
 * The self-loops of a layer's step, one for each slot that has a direct path: additions, and products element by element with what is held.
 *
 *     new slot = f * old slot + ...,   f the forget gate of an LSTM, the update gate of a GRU, 1 - f of a minimal gated unit
 */
export async function selfLoops(layer: RanLayer): Promise<SelfLoop[]> {
  const { slots, total } = stateSizes(layer.cell);
  const count = layer.structure.reads.node.length;
  const direct = directSlots(layer.cell.trace("float64").graph);
  const loops: SelfLoop[] = [];
  let offset = 0;
  for (const { name, size } of slots) {
    if (direct.includes(name)) {
      const factors = new Float64Array(count * size);
      // As many edges at a time as make some thousand rows.
      for (let first = 0; first < count; first += 4096) {
        const edges = Int32Array.from({ length: Math.min(4096, count - first) }, (_, i) => first + i);
        const ones = new Float64Array(edges.length * total);
        for (let r = 0; r < edges.length; r++) ones.fill(1, r * total + offset, r * total + offset + size);
        const back = await pullBack(layer, edges, ones, { direct: true });
        for (let r = 0; r < edges.length; r++)
          factors.set(back.subarray(r * total + offset, r * total + offset + size), (first + r) * size);
      }
      loops.push({ slot: name, units: size, factors });
    }
    offset += size;
  }
  return loops;
}

/** Factors of each sequence by step, [steps, units]; over trees and graphs by edge, in the order of the nodes that read and of their ports. */
export function bySequence({ factors, units }: SelfLoop, { reads, parts }: Structure): Float64Array[] {
  const lists = Array.from({ length: parts.sequences }, () => [] as number[]);
  const time = parts.clock ?? parts.positions;
  reads.node.forEach((node, e) => {
    lists[parts.sequenceOf[node]!]!.push(e);
  });
  return lists.map((edges) => {
    const order = (e: number) => time[reads.node[e]!]!;
    edges.sort((a, b) => order(a) - order(b) || reads.port[a]! - reads.port[b]! || a - b);
    const own = new Float64Array(edges.length * units);
    edges.forEach((e, k) => {
      own.set(factors.subarray(e * units, (e + 1) * units), k * units);
    });
    return own;
  });
}

/** Products of the factors over the last edges of a path. @param lags those that are shown @param growth the Jacobians' growth, as far as it was formed */
export function products(
  { factors, units, slot }: SelfLoop,
  path: Int32Array,
  lags: readonly number[],
  growth: readonly GrowthAtLag[],
): ProductAtLag[] {
  const logs = new Float64Array(units);
  const shown = new Set(lags);
  const out: ProductAtLag[] = [];
  for (let lag = 1; lag <= path.length; lag++) {
    const row = path[path.length - lag]! * units;
    for (let i = 0; i < units; i++) logs[i]! += Math.log(Math.abs(factors[row + i]!));
    if (!shown.has(lag)) continue;
    const sorted = logs.slice().sort();
    const jacobian = growth.find((g) => g.lag === lag)?.bySlot[slot] ?? null;
    out.push({ lag, largest: sorted.at(-1)!, median: quantile(sorted, 0.5), jacobian });
  }
  return out;
}

/** The time constant -1 / ln |f| in steps of a factor, given ln |f|. */
export function constantOf(logFactor: number): number {
  return logFactor >= 0 ? Number.POSITIVE_INFINITY : -1 / logFactor;
}

/** A quantile of sorted numbers, between neighbours the mean. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}
