import { type Cell, defineCell, type ParamSpec, type SetSpecs, setSoftmax } from "../../cell/index.js";
import { checkSettings, count, flag, oneOf, optional, size } from "../../check/index.js";
import { add, concat, matmul, reshape } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { dotScores, setMembers } from "../addressing/index.js";
import { normalInit } from "../init/index.js";
import { rowOrLast } from "./row-or-last.js";

/**
 * Which vectors a hop reads and what becomes of the query. `adjacent`: what is read at a hop is what is compared at the next. `layerWise`: all
 * hops compare and read the same, and a matrix H maps the query. `keyValue`: likewise, and each hop has a matrix of its own for the sum.
 */
export type HopTying = "adjacent" | "layerWise" | "keyValue";

/** Settings of `memoryHops`. */
export interface MemoryHopsConfig {
  /** Features of the query and of a memory. */
  readonly width: number;
  /** K, how often the memory is read. */
  readonly hops: number;
  /** Adjacent by default. */
  readonly tying?: HopTying;
  /** How many times are told apart; the last stands for all that are longer ago. 0, which is the default, for none. */
  readonly times?: number;
  /** Whether scores become weights by a softmax. They do unless this is false, as at the start of training (linear start). */
  readonly softmax?: boolean;
  /** Whether the weights of all hops are given beside the output, [hops] per pair of a question and a sentence. They are not by default. */
  readonly weights?: boolean;
}

/**
 * The hops of a memory network: a query reads a memory of any size several times, and each time what it read changes it.
 *
 *     w = softmax over i of u . (m_i + T[t_i]),   o = sum over i of w_i (c_i + T'[t_i])
 *     u <- u + o            (adjacent)
 *     u <- u H + o          (layerWise)
 *     u <- (u + o) R_k      (keyValue)
 *
 * for memory i and the time t_i since it was told. Adjacent: hop k of K compares with the vectors m(k-1) and T(k-1), and reads m(k) and T(k). The
 * others compare with m0 and T0 and read m1 and T1 at all hops. Without a softmax, w are the scores themselves.
 *
 * Input per node: u [width], the query. Set `sentences`: m0, m1, ... [width] per member, and time int32 [] where times are told apart. No state:
 * questions are nodes of their own. Output: u after the last hop [width]. Parameters, normal with the deviation .1 at first: T0, T1, ... [times,
 * width]; H [width, width]; R0, R1, ... [width, width].
 *
 * @see Sukhbaatar, Szlam, Weston, Fergus (2015), "End-to-end memory networks", sections 2 and 4.1; Miller et al. (2016), "Key-value memory networks
 * for directly reading documents"
 * @example
 * const cell = memoryHops({ width: 4, hops: 2 });
 * const structure = chain([1, 1]).withSets({ sentences: [3, 2] });
 * const m = zeros([5, 4]);
 * const inputs = { u: zeros([2, 4]), sentences: { m0: m, m1: m, m2: m } };
 * const { output } = unfold(cell, cell.init(Key.of(1)), inputs, structure);
 * (output as Value).shape // [ 2, 4 ]
 */
export function memoryHops(config: MemoryHopsConfig): MemoryHopsCell {
  const {
    width,
    hops,
    tying = "adjacent",
    times = 0,
    softmax = true,
    weights: shows = false,
  } = checkSettings<MemoryHopsConfig>("memoryHops", config, kinds);
  const vectors = tying === "adjacent" ? hops + 1 : 2;
  const numbered = <T>(letter: string, n: number, value: T): Readonly<Record<string, T>> =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`${letter}${i}`, value]));
  const matrix = normalInit(0.1, width, width);
  const map = {
    adjacent: (u: Value, o: Value) => add(u, o),
    layerWise: (u: Value, o: Value, params: Matrices) => add(matmul(u, params.H!), o),
    keyValue: (u: Value, o: Value, params: Matrices, hop: number) => matmul(add(u, o), params[`R${hop}`]!),
  }[tying];
  const cell = defineCell({
    name: "memoryHops",
    inputs: () => ({ u: [width] }),
    sets: () => ({
      sentences: {
        ...numbered("m", vectors, [width]),
        ...(times > 0 ? { time: { shape: [], dtype: "int32" as const } } : {}),
      },
    }),
    state: () => ({}),
    params: () => ({
      ...(times > 0 ? numbered("T", vectors, normalInit(0.1, times, width)) : {}),
      ...(tying === "layerWise" ? { H: matrix } : {}),
      ...(tying === "keyValue" ? numbered("R", hops, matrix) : {}),
    }),
    step({ u, sentences }, params: Matrices) {
      const members = sentences as unknown as Matrices;
      const memory = Array.from({ length: vectors }, (_, i) =>
        times > 0 ? add(members[`m${i}`]!, rowOrLast(params[`T${i}`]!, members.time!)) : members[`m${i}`]!,
      );
      let query = u;
      const all: Value[] = [];
      for (let hop = 0; hop < hops; hop++) {
        const from = tying === "adjacent" ? hop : 0;
        const scores = dotScores(query, memory[from]!);
        const weights = softmax ? setSoftmax(scores) : scores;
        query = map(query, setMembers.weightedSum(weights, memory[from + 1]!), params, hop);
        all.push(reshape(weights, [1]));
      }
      return { state: {}, output: shows ? { output: query, weights: concat(all) } : query };
    },
  })(undefined);
  return cell as unknown as MemoryHopsCell;
}

/** A cell that `memoryHops` makes. */
export type MemoryHopsCell = Cell<
  { readonly u: Shape; readonly sentences: SetSpecs[string] },
  Readonly<Record<never, never>>,
  Readonly<Record<string, ParamSpec>>,
  Value | { readonly output: Value; readonly weights: Value }
>;

type Matrices = Readonly<Record<string, Value>>;

const kinds = {
  width: size,
  hops: size,
  tying: optional(oneOf("adjacent", "layerWise", "keyValue")),
  times: optional(count),
  softmax: optional(flag),
  weights: optional(flag),
};
