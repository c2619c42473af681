import { check, checkSettings, count, optional, text } from "../../check/index.js";
import { ExactNet, type ExactState } from "./exact-net.js";
import { machineUnits, type Side, unitNames } from "./machine-units.js";
import type { RationalWeights } from "./net-of-units.js";
import { bitsOf, type TuringMachine, type TuringTable, turingTable } from "./turing-machine.js";
import { noRule, type TuringConfiguration, type TuringTape } from "./turing-steps.js";

/** A Turing machine as a recurrent net. */
export interface TuringNetwork {
  readonly machine: TuringMachine;
  readonly weights: RationalWeights;
  /** In which base stacks are written: twice the number of symbols. */
  readonly base: number;
  /**
   * The net's configurations as the machine's: at the start, and after each of its steps, as `turingSteps` gives them.
   * @throws RangeError for an input that is none, and where no rule applies
   */
  configurations(input: string): Generator<NetworkConfiguration>;
  /**
   * Runs to the halt.
   * @param options.steps of the machine; RangeError if it takes more; 1,000,000 by default
   */
  run(input: string, options?: { readonly steps?: number }): TuringRun;
}

/** A configuration that was read from the state of a net. */
export interface NetworkConfiguration extends TuringConfiguration {
  /** The step t of the net whose h(t) it stands in. */
  readonly time: number;
}

/** How a run ended. */
export interface TuringRun extends NetworkConfiguration {
  /** Steps of the machine. */
  readonly steps: number;
}

/**
 * The recurrent net that is a Turing machine: of the form (10.8), with the activation sigma(a) = min(max(a, 0), 1) and rational weights. It
 * runs in exact arithmetic, so that it is the machine, and no approximation of it, however long the tape.
 *
 *     h(t) = sigma(b + W h(t-1) + U x(t))    x(t) = (bit, 1) while there is input, then (0, 0)
 *     o(t) = V h(t)                          o(t) = (bit, 1) when a bit is emitted, and (0, 0)
 *
 * It takes n steps to read n bits, 7 until the machine can start, and 4 for each step of the machine: `machineUnits` says what each unit is
 * for. The same weights as float64 are `saturatedParams`.
 *
 * @throws RangeError for a machine that is none
 * @see Siegelmann, Sontag (1995), "On the computational power of neural nets": a machine's stacks are fractions in base 4 there, and a step
 * takes four layers; here a tape may have more symbols, and the scanned symbol is kept beside the stacks. Section 10.2 of the chapter
 * @example
 * const network = turingNetwork(palindromeChecker());
 * network.run("0110").output // "1"
 */
export function turingNetwork(machine: TuringMachine): TuringNetwork {
  const table = turingTable("turingNetwork", machine);
  const weights = machineUnits(table);
  const base = 2 * table.symbols.length;
  const net = new ExactNet(weights, base);
  const decode = decoder(table, weights.units, net);
  return {
    machine,
    weights,
    base,
    configurations(input) {
      check("turingNetwork.configurations", "input", input, text);
      return configurations(bitsOf("turingNetwork.configurations", input));
    },
    run(input, options) {
      check("turingNetwork.run", "input", input, text);
      const kinds = { steps: optional(count) };
      const { steps: most = 1_000_000 } = checkSettings("turingNetwork.run", options, kinds);
      let steps = -1;
      let last: NetworkConfiguration | undefined;
      for (last of configurations(bitsOf("turingNetwork.run", input)))
        if (++steps > most)
          throw new RangeError(
            `turingNetwork.run: the machine has not halted after ${most} steps; give it more with steps, or look at its configurations()`,
          );
      return { ...last!, steps };
    },
  };

  function* configurations(bits: readonly (0 | 1)[]): Generator<NetworkConfiguration> {
    let [state, output] = [net.initial, ""];
    // A configuration stands in the units every fourth step; the first is the one before the start.
    const first = bits.length + 3;
    for (let time = 1; ; time++) {
      const bit = bits[time - 1];
      state = net.step(state, bit === undefined ? [0, 0] : [bit, 1]);
      output += emitted(state, weights.V);
      if (time <= first || (time - first) % 4 !== 0) continue;
      const configuration = { ...decode(state), output, time };
      yield configuration;
      if (configuration.state === machine.halt) return;
    }
  }
}

/** The bit that is emitted, by the outputs o = V h. */
function emitted(state: ExactState, V: RationalWeights["V"]): string {
  let bit = "";
  for (const unit of state.keys()) if (V[unit]![1]!.numerator > 0n) bit += V[unit]![0]!.numerator;
  return bit;
}

/** What reads configurations from states. */
function decoder({ symbols, states, tapes }: TuringTable, units: readonly string[], net: ExactNet) {
  const numbers = new Map(units.map((name, unit) => [name, unit]));
  const stateUnits = states.map((_, state) => numbers.get(unitNames.state(state))!);
  const tapeUnits = Array.from({ length: tapes }, (_, tape) => ({
    scanned: Array.from(symbols, (_, b) => numbers.get(unitNames.scanned(tape, b))!),
    stack: (side: Side) => numbers.get(unitNames.stack(tape, side))!,
  }));
  let before: TuringConfiguration = { state: states[0]!, tapes: [], output: "" };
  return (state: ExactState): Omit<TuringConfiguration, "output"> => {
    const stack = (unit: number) => {
      const value = state.get(unit);
      const found = value ? net.digitsOf(value).map((digit) => symbols[(digit - 1) / 2]!) : [];
      // Below everything that was written, an endless tape is blank.
      while (found.at(-1) === symbols[0]) found.pop();
      return found;
    };
    const read: TuringTape[] = tapeUnits.map(({ scanned, stack: unit }) => ({
      left: stack(unit("left")).reverse().join(""),
      scanned: symbols[scanned.findIndex((u) => state.has(u))] ?? "",
      right: stack(unit("right")).join(""),
    }));
    const name = states[stateUnits.findIndex((u) => state.has(u))];
    if (name === undefined) throw noRule(before.state, before.tapes.map((tape) => tape.scanned).join(""));
    const configuration = { state: name, tapes: read };
    before = { ...configuration, output: "" };
    return configuration;
  };
}
