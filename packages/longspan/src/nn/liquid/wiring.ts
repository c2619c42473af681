import type { ParamSpec } from "../../cell/index.js";
import { fromArray, type Key, RandomNumbers } from "../../tensor/index.js";
import { specOf } from "../init/spec.js";

/** What says who is connected to whom. Neurons are numbered: first the excitatory ones, then the inhibitory ones. */
export interface LiquidWiring {
  /** The sizes of the column; a neuron stands at each point with whole coordinates. */
  readonly column: readonly [number, number, number];
  /** How many of the neurons are inhibitory. */
  readonly inhibitory: number;
  /** The distance at which connections are rarer by e. */
  readonly reach: number;
  /** A factor on every weight between neurons. */
  readonly weightScale: number;
  /** Delay in steps of a connection over a distance. */
  readonly delay: (distance: number) => number;
}

/** The numbers that differ by what neurons a connection leads from and to. */
interface ByType {
  readonly fromExcitatory: { readonly toExcitatory: number; readonly toInhibitory: number };
  readonly fromInhibitory: { readonly toExcitatory: number; readonly toInhibitory: number };
}

/** How often neurons are connected that stand at the same point (Maass, Natschlaeger, Markram 2002). */
const frequency: ByType = {
  fromExcitatory: { toExcitatory: 0.3, toInhibitory: 0.2 },
  fromInhibitory: { toExcitatory: 0.4, toInhibitory: 0.1 },
};

/** Mean weights in nA, of the same source. */
const strength: ByType = {
  fromExcitatory: { toExcitatory: 30, toInhibitory: 60 },
  fromInhibitory: { toExcitatory: -19, toInhibitory: -19 },
};

/** The greatest distance of two neurons. */
export function farthest(column: readonly number[]): number {
  return Math.hypot(...column.map((sites) => sites - 1));
}

/**
 * The weights between neurons, [delays x neurons, neurons]: those of connections with a delay of d steps are the d-th block of rows.
 * Two neurons at the distance D are connected with the probability C exp(-(D / reach)^2); weights are drawn from an exponential distribution.
 */
export function liquidWeights(wiring: LiquidWiring, delays: number): ParamSpec {
  const { column, inhibitory, reach, weightScale, delay } = wiring;
  const neurons = column[0] * column[1] * column[2];
  return specOf("liquid", [delays * neurons, neurons], (key, shape, dtype) => {
    const sites = shuffledSites(column, key.fold(0));
    const draws = new RandomNumbers(key.fold(1));
    const values = new Float64Array(delays * neurons * neurons);
    const excitatory = neurons - inhibitory;
    for (let from = 0; from < neurons; from++)
      for (let to = 0; to < neurons; to++) {
        const [connects, weight] = [draws.uniform(), -Math.log(1 - draws.uniform())];
        if (from === to) continue;
        const distance = Math.hypot(...sites[from]!.map((x, axis) => x - sites[to]![axis]!));
        const type = (of: ByType) =>
          of[from < excitatory ? "fromExcitatory" : "fromInhibitory"][
            to < excitatory ? "toExcitatory" : "toInhibitory"
          ];
        if (connects >= type(frequency) * Math.exp(-((distance / reach) ** 2))) continue;
        values[((delay(distance) - 1) * neurons + from) * neurons + to] =
          weightScale * weight * type(strength);
      }
    return fromArray(values, shape, dtype);
  });
}

/** The points of the column in a random order, so that types are mixed. */
function shuffledSites(column: readonly [number, number, number], key: Key): number[][] {
  const [a, b, c] = column;
  const sites = Array.from({ length: a * b * c }, (_, i) => [
    i % a,
    Math.floor(i / a) % b,
    Math.floor(i / (a * b)),
  ]);
  const draws = new RandomNumbers(key);
  for (let i = sites.length - 1; i > 0; i--) {
    const j = draws.below(i + 1);
    [sites[i], sites[j]] = [sites[j]!, sites[i]!];
  }
  return sites;
}

/** The weights of the input, [input, neurons]: a share of them, uniform between 0 and twice the mean. */
export function inputWeights(input: number, neurons: number, share: number, mean: number): ParamSpec {
  return specOf("liquid", [input, neurons], (key, shape, dtype) => {
    const draws = new RandomNumbers(key);
    const values = Array.from({ length: input * neurons }, () => {
      const [connects, weight] = [draws.uniform(), 2 * mean * draws.uniform()];
      return connects < share ? weight : 0;
    });
    return fromArray(values, shape, dtype);
  });
}
