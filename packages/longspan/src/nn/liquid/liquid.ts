import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import {
  atLeastZero,
  checkSettings,
  finite,
  finitePositive,
  type KindsOf,
  kind,
  optional,
  record,
  size,
} from "../../check/index.js";
import {
  add,
  concat,
  constant,
  lessEqual,
  matmul,
  maximum,
  mul,
  slice,
  sub,
  where,
} from "../../ops/index.js";
import type { DType, Shape, Value } from "../../tensor/index.js";
import { farthest, inputWeights, liquidWeights } from "./wiring.js";

/** Settings of `liquid`. Times are in ms, potentials in mV, currents in nA. */
export interface LiquidConfig {
  /** Features of x: spikes of input neurons (0 or 1 per step), or any currents. */
  readonly input: number;
  /** The sizes of the column; a neuron stands at each point with whole coordinates. [3, 3, 15] by default: 135 neurons. */
  readonly column?: readonly [number, number, number];
  /** How much time a step is; 1 by default. */
  readonly step?: number;
  /** The share of inhibitory neurons, in [0, 1]; 0.2 by default. */
  readonly inhibitory?: number;
  /** The distance at which connections are rarer by e; 2 by default. 0 connects no neurons. */
  readonly reach?: number;
  /** A factor on every weight between neurons; 1 by default. */
  readonly weightScale?: number;
  /** The delay of a connection, and what is added to it per unit of distance; 1.5 and 0 by default. At least one step. */
  readonly delay?: { readonly base?: number; readonly perDistance?: number };
  /** Time constant of membranes; 30 by default. */
  readonly membrane?: number;
  /** The potential at which a neuron fires; 15 by default. */
  readonly threshold?: number;
  /** The potential after a spike; 13.5 by default. The potential at rest is 0. */
  readonly reset?: number;
  /** A current into every neuron; 13.5 by default, for membranes of 1 megaohm. */
  readonly background?: number;
  /** How long a neuron is silent after a spike; 3 by default for excitatory neurons, 2 for inhibitory ones. */
  readonly refractory?: { readonly excitatory?: number; readonly inhibitory?: number };
  /** Time constants of synapses, by the neuron that they lead from; 3 and 6 by default, and 3 for those of the input, where 0 makes the input itself a current. */
  readonly synapse?: { readonly excitatory?: number; readonly inhibitory?: number; readonly input?: number };
  /** The share of the neurons that each feature of the input is connected to; 0.3 by default. */
  readonly inputShare?: number;
  /** The mean weight of the input; 18 by default. */
  readonly inputScale?: number;
  /** The time constant with which the output forgets spikes; 30 by default. */
  readonly trace?: number;
}

/** Parameters of `liquid`: U [input, neurons], W [delays x neurons, neurons]. */
export interface LiquidSpecs {
  readonly U: ParamSpec;
  readonly W: ParamSpec;
}

/** The state of `liquid`. */
export interface LiquidShapes extends Readonly<Record<string, Shape>> {
  /** Membrane potentials v, [neurons]. */
  readonly v: Shape;
  /** Steps for which a neuron is silent yet, [neurons]. */
  readonly silent: Shape;
  /** What synapses of the neurons passed on in the last steps, the newest first, [delays x neurons]. */
  readonly recent: Shape;
  /** The synapses of the input, [input]. */
  readonly arriving: Shape;
  /** The running average of spikes that is the output, [neurons]. */
  readonly trace: Shape;
}

/**
 * A liquid state machine without its readout: leaky integrate-and-fire neurons in a column, wired at random by distance. Inputs make waves of
 * spikes in it; a linear readout is fitted to their traces, as to the states of a reservoir.
 *
 *     s_j(t)  = e^(-step/tau_j) s_j(t-1) + z_j(t)                              synapses of neuron j
 *     I(t)    = background + sum over j of W_j s_j(t - d_j) + U s_x(t)         into each neuron
 *     v(t)    = e^(-step/membrane) v(t-1) + (1 - e^(-step/membrane)) I(t)      reset while it is silent
 *     z(t)    = 1 where v(t) >= threshold: v becomes reset, and the neuron is silent for the refractory time
 *     o(t)    = e^(-step/trace) o(t-1) + (1 - e^(-step/trace)) z(t)            the output
 *
 * Two neurons at the distance D are connected with the probability C exp(-(D / reach)^2); C and the mean weights depend on what the two are, as in
 * the paper. The delay d_j depends on the distance. Between spikes, the decay is exact whatever the step. Deviation from the paper: synapses do not tire.
 *
 * Under a constant current I above the threshold, a neuron fires every refractory + membrane ln((I - reset) / (I - threshold)) ms, rounded up to whole steps.
 *
 * A spike has no derivative, so none reaches W, U or earlier states through it.
 *
 * Input x [input]; output [neurons], per step between 0 and 1. The neurons are numbered with the excitatory ones first.
 *
 * @throws RangeError for a setting out of its range
 * @see Maass, Natschlaeger, Markram (2002), "Real-time computing without stable states"
 * @example
 * const cell = liquid({ input: 2, column: [3, 3, 3] });
 * const spikes = cast(lessEqual(uniform(Key.of(1), [100, 2]), 0.1), "float32");
 * unfold(cell, cell.init(Key.of(2)), { x: spikes }, chain([100])).output.shape; // [ 100, 27 ]
 */
export function liquid(config: LiquidConfig): Cell<{ x: Shape }, LiquidShapes, LiquidSpecs, Value> {
  const settings = checkSettings("liquid", config, kinds);
  for (const [name, of] of Object.entries(parts))
    checkSettings(`liquid: ${name}`, settings[name as keyof typeof parts], of as KindsOf<object>);
  const { threshold = 15, reset = 13.5 } = settings;
  if (reset >= threshold)
    throw new RangeError(
      `liquid: reset is ${reset} mV, expected less than the threshold of ${threshold} mV, since a neuron would fire without end`,
    );
  return liquidOf(settings);
}

const usualColumn: readonly [number, number, number] = [3, 3, 15];

/** Sizes that follow from the settings. */
function countsOf({ column = usualColumn, inhibitory = 0.2, step = 1, delay = {}, reach = 2 }: LiquidConfig) {
  const { base = 1.5, perDistance = 0 } = delay;
  const delayOf = (distance: number) => Math.max(1, Math.round((base + perDistance * distance) / step));
  const neurons = column[0] * column[1] * column[2];
  return {
    neurons,
    inhibitory: Math.round(inhibitory * neurons),
    delayOf,
    delays: reach === 0 ? 1 : delayOf(farthest(column)),
  };
}

/** The cell of settings that are right. */
function liquidOf(config: LiquidConfig) {
  const {
    column = usualColumn,
    step = 1,
    reach = 2,
    weightScale = 1,
    inputShare = 0.3,
    inputScale = 18,
  } = config;
  const { membrane = 30, threshold = 15, reset = 13.5, background = 13.5, trace: traceTime = 30 } = config;
  const { refractory = {}, synapse = {} } = config;
  const { neurons, inhibitory, delays, delayOf } = countsOf(config);
  const excitatory = neurons - inhibitory;
  const kept = (time: number) => (time === 0 ? 0 : Math.exp(-step / time));
  const [ofMembrane, ofInput, ofTrace] = [kept(membrane), kept(synapse.input ?? 3), kept(traceTime)];
  /** A vector over the neurons that differs by type only. */
  const byType = (first: number, last: number, dtype: DType): Value =>
    concat(
      [
        [first, excitatory],
        [last, inhibitory],
      ].flatMap(([x, units]) => (units! > 0 ? [constant(x!, [units!], dtype)] : [])),
    );
  const silence = (time: number) => Math.round(time / step);
  return defineCell({
    name: "liquid",
    inputs: ({ input }: LiquidConfig): { x: Shape } => ({ x: [input] }),
    state: ({ input }): LiquidShapes => ({
      v: [neurons],
      silent: [neurons],
      recent: [delays * neurons],
      arriving: [input],
      trace: [neurons],
    }),
    params: ({ input }): LiquidSpecs => ({
      U: inputWeights(input, neurons, inputShare, inputScale),
      W: liquidWeights({ column, inhibitory, reach, weightScale, delay: delayOf }, delays),
    }),
    step({ x, v, silent, recent, arriving, trace }, { U, W }) {
      const { dtype } = v;
      const input = add(mul(arriving, ofInput), x);
      const current = add(add(matmul(recent, W), matmul(input, U)), background);
      const moved = add(mul(v, ofMembrane), mul(current, 1 - ofMembrane));
      const potential = where(lessEqual(silent, 0), moved, reset);
      const fires = lessEqual(threshold, potential);
      const spikes = where(fires, constant(1, [neurons], dtype), 0);
      const pause = byType(silence(refractory.excitatory ?? 3), silence(refractory.inhibitory ?? 2), dtype);
      const ofSynapse = byType(kept(synapse.excitatory ?? 3), kept(synapse.inhibitory ?? 6), dtype);
      const newest = add(mul(slice(recent, 0, 0, neurons), ofSynapse), spikes);
      const output = add(mul(trace, ofTrace), mul(spikes, 1 - ofTrace));
      return {
        state: {
          v: where(fires, reset, potential),
          silent: where(fires, pause, maximum(sub(silent, 1), 0)),
          recent: delays === 1 ? newest : concat([newest, slice(recent, 0, 0, (delays - 1) * neurons)]),
          arriving: input,
          trace: output,
        },
        output,
      };
    },
  })(config);
}

const columnKind = kind(
  "a list of three positive integers, such as [3, 3, 15]",
  (value) => Array.isArray(value) && value.length === 3 && value.every((sites) => size.accepts(sites)),
);

const shareKind = kind(
  "a number in [0, 1]",
  (value) => typeof value === "number" && value >= 0 && value <= 1,
);

const parts = {
  delay: { base: optional(atLeastZero), perDistance: optional(atLeastZero) },
  refractory: { excitatory: optional(atLeastZero), inhibitory: optional(atLeastZero) },
  synapse: {
    excitatory: optional(finitePositive),
    inhibitory: optional(finitePositive),
    input: optional(atLeastZero),
  },
};

const kinds: KindsOf<LiquidConfig> = {
  input: size,
  column: optional(columnKind),
  step: optional(finitePositive),
  inhibitory: optional(shareKind),
  reach: optional(atLeastZero),
  weightScale: optional(atLeastZero),
  delay: optional(record),
  membrane: optional(finitePositive),
  threshold: optional(finite),
  reset: optional(finite),
  background: optional(finite),
  refractory: optional(record),
  synapse: optional(record),
  inputShare: optional(shareKind),
  inputScale: optional(atLeastZero),
  trace: optional(finitePositive),
};
