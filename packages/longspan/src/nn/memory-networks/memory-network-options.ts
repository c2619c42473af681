import { flag, optional } from "../../check/index.js";
import type { Value } from "../../tensor/index.js";
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

/** The cells of the hops, by how the network is run: each is made once. */
export function hopCells(
  config: Omit<MemoryHopsConfig, "softmax" | "weights">,
): (softmax: boolean, weights: boolean) => MemoryHopsCell {
  const made = new Map<string, MemoryHopsCell>();
  return (softmax, weights) => {
    const name = `${softmax} ${weights}`;
    const cell = made.get(name) ?? memoryHops({ ...config, softmax, weights });
    made.set(name, cell);
    return cell;
  };
}
