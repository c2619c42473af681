import {
  type Cell,
  defineCell,
  type InputSpec,
  type ParamSpec,
  type SetSpecs,
  setArgmax,
  setAt,
} from "../../cell/index.js";
import { checkSettings, count, flag, optional, size } from "../../check/index.js";
import { add, neg } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { dotScores, logWeightsOfScores, setMembers } from "../addressing/index.js";
import { normalInit } from "../init/index.js";
import { rowOrLast } from "./row-or-last.js";

/** Settings of `supportHops`. */
export interface SupportHopsConfig {
  /** Features of the query and of a memory. */
  readonly width: number;
  /** How many times are told apart; the last stands for all that are longer ago. 0, which is the default, for none. */
  readonly times?: number;
  /** Whether the right memory is given at each step, as in training. It is unless this is false: then the cell goes on with the one that it finds. */
  readonly forced?: boolean;
}

/**
 * One memory after the other, each a choice: hop t finds the memory that fits the query best, and what it says becomes part of the query.
 *
 *     w = softmax over i of u(t-1) . (k_i + T0[t_i])
 *     u(t) = u(t-1) + v_s + T1[t_s]
 *
 * s is the memory that is right, where the cell is told (`forced`); else it is the one with the largest weight. The loss of a hop is -log w_s. So
 * addressing is learned from labelled facts, and nothing has to be guessed by way of the answer.
 *
 * A chain of hops per question. Inputs per node: target int32 [], the place of the right memory, where it is told. Set `sentences`: key and value
 * [width] per member, and time int32 [] where times are told apart. State u [width]: give the question as its initial state. Output: log w per pair,
 * or where the cell is not told, the place of the memory that was found, int32. Sums: loss. Parameters T0 and T1 [times, width], normal with the
 * deviation .1 at first.
 *
 * @see Weston, Chopra, Bordes (2015), "Memory networks", section 3: there a margin takes the place of the softmax
 * @example
 * const cell = supportHops({ width: 4 });
 * const structure = chain([2, 1]).withSets({ sentences: [3, 2] });
 * const inputs = { target: tensor([0, 1, 2], "int32"), sentences: { key: zeros([5, 4]), value: zeros([5, 4]) } };
 * unfold(cell, cell.init(Key.of(1)), inputs, structure).sums.loss // [2 ln 3, ln 2]
 */
export function supportHops(config: SupportHopsConfig): SupportHopsCell {
  const { width, times = 0, forced = true } = checkSettings<SupportHopsConfig>("supportHops", config, kinds);
  const table = normalInit(0.1, times, width);
  const cell = defineCell({
    name: "supportHops",
    inputs: (): Readonly<Record<string, InputSpec>> =>
      forced ? { target: { shape: [], dtype: "int32" } } : {},
    sets: () => ({
      sentences: {
        key: [width],
        value: [width],
        ...(times > 0 ? { time: { shape: [], dtype: "int32" as const } } : {}),
      },
    }),
    state: () => ({ u: [width] }),
    params: (): Readonly<Record<string, ParamSpec>> => (times > 0 ? { T0: table, T1: table } : {}),
    step(values, params) {
      const { u, target, sentences } = values as unknown as { u: Value; target?: Value; sentences: Members };
      const timed = (vectors: Value, name: string) =>
        times > 0 ? add(vectors, rowOrLast(params[name]!, sentences.time!)) : vectors;
      const logWeights = logWeightsOfScores(dotScores(u, timed(sentences.key, "T0")), setMembers);
      const chosen = target ?? setArgmax(logWeights);
      const state = { u: add(u, setAt(timed(sentences.value, "T1"), chosen)) };
      const loss = neg(setAt(logWeights, chosen));
      return { state, output: forced ? logWeights : chosen, sums: { loss } };
    },
  })(undefined);
  return cell as unknown as SupportHopsCell;
}

/** A cell that `supportHops` makes. */
export type SupportHopsCell = Cell<
  { readonly sentences: SetSpecs[string] },
  { readonly u: Shape },
  Readonly<Record<string, ParamSpec>>,
  Value,
  { readonly loss: Value }
>;

type Members = { readonly key: Value; readonly value: Value; readonly time?: Value };

const kinds = { width: size, times: optional(count), forced: optional(flag) };
