import type { ParamSpec, ParamsOf } from "../../cell/index.js";
import { checkSettings, count, flag, oneOf, optional, size } from "../../check/index.js";
import { matmul, permute } from "../../ops/index.js";
import type { Tensor, Value } from "../../tensor/index.js";
import { normalInit } from "../init/index.js";
import { checkInit } from "../layers/check-call.js";
import type { Module } from "../module.js";
import { checkParts } from "../sequence-to-sequence/check-sequences.js";
import {
  hopsOf,
  type MemoryNetworkOptions,
  type MemoryNetworkResult,
  optionKinds,
} from "./memory-network-options.js";
import { sentenceVectors } from "./sentence-vectors.js";
import { checkStories, type Stories } from "./stories.js";
import { wordBags } from "./word-bags.js";

/** Settings of `endToEndMemoryNetwork`. */
export interface EndToEndMemoryNetworkConfig {
  /** Words, answers among them. */
  readonly vocabulary: number;
  /** Features of a memory and of the query. */
  readonly width: number;
  /** K, how often the memory is read; 3 by default. */
  readonly hops?: number;
  /** How the hops share their tables; adjacent by default. */
  readonly tying?: "adjacent" | "layerWise";
  /** Whether words count by their places. They do unless this is false. */
  readonly positions?: boolean;
  /**
   * J of position encoding for all sentences: how many words the longest has, as where sentences are padded. Each sentence's own number of words by
   * default. With a J much above that of most sentences, places count for less, and words more by themselves.
   */
  readonly longest?: number;
  /** How many times are told apart (temporal encoding); 50 by default, 0 for none. */
  readonly times?: number;
}

/** Parameters of an end-to-end memory network, by its parts. */
export interface EndToEndMemoryNetworkParams {
  /** Tables [vocabulary, width]: adjacent E0 to EK, else E0 (A) and E1 (C). */
  readonly words: Readonly<Record<string, Tensor>>;
  /** T0, T1, ... [times, width], as many as tables; layer-wise also H [width, width]. */
  readonly hops: Readonly<Record<string, Tensor>>;
  /** Layer-wise only: B [vocabulary, width]. */
  readonly question?: Readonly<Record<"E0", Tensor>>;
  /** Layer-wise only: W [width, vocabulary]. */
  readonly answer?: Tensor;
}

/** An end-to-end memory network, made by `endToEndMemoryNetwork`. */
export type EndToEndMemoryNetwork = Module<
  EndToEndMemoryNetworkParams,
  [stories: Stories, options?: MemoryNetworkOptions],
  MemoryNetworkResult
>;

/**
 * The end-to-end memory network: answers questions about stories, and learns from the answers alone which sentences to look at, one after the
 * other.
 *
 *     m_i = sum over j of l_j * A x_ij + T_A[t_i],   c_i likewise with C and T_C     a sentence (`wordBags`), told t_i before the question
 *     u = sum over j of l_j * B q_j                                                  the question
 *     w = softmax over i of u . m_i,   o = sum over i of w_i c_i,   u <- u + o       K times (`memoryHops`)
 *     answer = softmax(u W)
 *
 * Adjacent tying: A of a hop is C of the one before it, B is the first A, and W the last C, transposed; so there are K + 1 tables of words, and as
 * many of times. Layer-wise: all hops share A and C, and u <- u H + o.
 *
 * Stories of any lengths are a batch as they are (`packStories`). All parameters start normal with the deviation .1. What the authors train by: the
 * sum over 32 questions of the cross-entropy, steps of .01, each gradient clipped to the norm 40 (`clipByGroupNorm`); without the softmax at first
 * (`softmax: false`, steps of .005) until the loss on held-out questions falls no more; times with 10 % blanks.
 *
 * @see Sukhbaatar, Szlam, Weston, Fergus (2015), "End-to-end memory networks"
 * @example
 * const question = { sentences: [["mary", "sat"], ["john", "stood"]], question: ["who", "sat"], answer: "mary", supports: [0] };
 * const vocabulary = storyVocabulary([question]);
 * const net = endToEndMemoryNetwork({ vocabulary: vocabulary.size, width: 8 });
 * const { output, weights } = net.apply(net.init(Key.of(1)), packStories([question], vocabulary), { weights: true });
 * output.shape // [ 1, 5 ]
 * weights!.shape // [ 2, 3 ]: two sentences, three hops
 */
export function endToEndMemoryNetwork(config: EndToEndMemoryNetworkConfig): EndToEndMemoryNetwork {
  const what = "endToEndMemoryNetwork";
  const {
    vocabulary,
    width,
    hops = 3,
    tying = "adjacent",
    positions = true,
    longest,
    times = 50,
  } = checkSettings<EndToEndMemoryNetworkConfig>(what, config, configKinds);
  const isAdjacent = tying === "adjacent";
  const bags = { vocabulary, width, positions };
  const words = wordBags({ ...bags, tables: isAdjacent ? hops + 1 : 2 });
  const question = wordBags(bags);
  const W = normalInit(0.1, width, vocabulary);
  const looks = hopsOf({ width, hops, tying, times });
  return {
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      const params = {
        words: words.init(key.fold(0), dtype),
        hops: looks.init(key.fold(1), dtype),
      };
      if (isAdjacent) return params;
      return {
        ...params,
        question: question.init(key.fold(2), dtype) as ParamsOf<Record<"E0", ParamSpec>>,
        answer: W.initialise(key.fold(3), W.shape, dtype),
      };
    },
    apply(params, stories, options) {
      checkParts(`${what}.apply`, params, ["words", "hops", ...(isAdjacent ? [] : ["question", "answer"])]);
      checkStories(`${what}.apply`, stories);
      const how = checkSettings<MemoryNetworkOptions>(`${what}.apply`, options, optionKinds);
      const tables = params.words as Readonly<Record<string, Value>>;
      const first = isAdjacent ? { E0: tables.E0! } : (params.question as Readonly<Record<"E0", Value>>);
      const vectors = sentenceVectors(words, tables, stories.sentences, longest);
      const sentences = Object.fromEntries(
        Object.values(vectors).map((vector, i) => [`m${i}`, vector] as const),
      );
      const u = sentenceVectors(question, first, stories.questions, longest).E0!;
      const inputs = { u, sentences: { ...sentences, ...(times > 0 ? { time: stories.times } : {}) } };
      const read = looks.run(params.hops, inputs, stories.structure, how);
      const answer = isAdjacent ? permute(tables[`E${hops}`]!) : (params.answer as Value);
      return { output: matmul(read.output, answer), weights: read.weights };
    },
  };
}

const configKinds = {
  vocabulary: size,
  width: size,
  hops: optional(size),
  tying: optional(oneOf("adjacent", "layerWise")),
  positions: optional(flag),
  longest: optional(size),
  times: optional(count),
};
