import { flag, optional } from "../../check/index.js";
import type { DType, Key, Value } from "../../tensor/index.js";
import { type Structure, unfold } from "../../unfold/index.js";
import { type MemoryHopsCell, type MemoryHopsConfig, memoryHops } from "./memory-hops.js";

/** How a memory network is run. */
export interface MemoryNetworkOptions {
  /** Whether scores become weights by a softmax. They do unless this is false: linear start (section 4.1). */
  readonly softmax?: boolean;
  /** Whether the weights of attention are given. They are not by default. */
  readonly weights?: boolean;
}

/** What a memory network says of questions. */
export interface MemoryNetworkResult {
  /** Unnormalised log-probabilities of the answers, [questions, vocabulary]. */
  readonly output: Value;
  /** The weights of the sentences at each hop, [pairs, hops], as `stories.structure.pairs("sentences")` orders them; null where they are not asked for. */
  readonly weights: Value | null;
}

/** The kinds of the options of a memory network. */
export const optionKinds = { softmax: optional(flag), weights: optional(flag) };

/** The hops of a network, however it is run. */
export interface Hops {
  init(key: Key, dtype: DType): ReturnType<MemoryHopsCell["init"]>;
  /** What is read at last, u [questions, width], and the weights if they are asked for. */
  run(
    params: unknown,
    inputs: { readonly u: Value; readonly sentences: Readonly<Record<string, Value>> },
    structure: Structure,
    options: MemoryNetworkOptions,
  ): MemoryNetworkResult;
}

/** Hops; the cell of each way to run them is made once. */
export function hopsOf(config: Omit<MemoryHopsConfig, "softmax" | "weights">): Hops {
  const made = new Map<string, MemoryHopsCell>();
  const cellFor = (softmax: boolean, weights: boolean) => {
    const name = `${softmax} ${weights}`;
    const cell = made.get(name) ?? memoryHops({ ...config, softmax, weights });
    made.set(name, cell);
    return cell;
  };
  return {
    init: (key, dtype) => cellFor(true, false).init(key, dtype),
    run(params, inputs, structure, { softmax = true, weights = false }) {
      const { output } = unfold(cellFor(softmax, weights), params as never, inputs as never, structure);
      return weights ? (output as MemoryNetworkResult) : { output: output as Value, weights: null };
    },
  };
}
