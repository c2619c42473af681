import { checkSettings, count, optional, size } from "../../check/index.js";
import { matmul, permute } from "../../ops/index.js";
import type { Tensor, Value } from "../../tensor/index.js";
import { StructureError } from "../../unfold/index.js";
import { normalInit } from "../init/index.js";
import { checkInit } from "../layers/check-call.js";
import type { Module } from "../module.js";
import { checkParts, checkSource, type Sequences } from "../sequence-to-sequence/check-sequences.js";
import {
  hopsOf,
  type MemoryNetworkOptions,
  type MemoryNetworkResult,
  optionKinds,
} from "./memory-network-options.js";
import { sentenceVectors } from "./sentence-vectors.js";
import { checkStories, type Stories } from "./stories.js";
import { wordBags } from "./word-bags.js";

/** Settings of `keyValueMemoryNetwork`. */
export interface KeyValueMemoryNetworkConfig {
  /** Words, answers among them. */
  readonly vocabulary: number;
  /** Features of a memory and of the query. */
  readonly width: number;
  /** How often the memory is read; 2 by default. */
  readonly hops?: number;
  /** How many times are told apart; 0, which is the default, for none. */
  readonly times?: number;
}

/** Parameters of a key-value memory network. */
export interface KeyValueMemoryNetworkParams {
  /** A of the paper, for keys, values and questions: E0 [vocabulary, width]. */
  readonly words: Readonly<Record<string, Tensor>>;
  /** R0, R1, ... [width, width]; T0 and T1 [times, width]. */
  readonly hops: Readonly<Record<string, Tensor>>;
  /** B of the paper, for answers: [vocabulary, width]. */
  readonly answer: Tensor;
}

/** Questions, and for each the slots of its memory: a key, which is compared, and a value, which is read. */
export interface KeyValueStories extends Stories {
  /** The words of the values, a chain for each sentence, which is its key. The sentences themselves by default. */
  readonly values?: Sequences;
}

/** A key-value memory network, made by `keyValueMemoryNetwork`. */
export type KeyValueMemoryNetwork = Module<
  KeyValueMemoryNetworkParams,
  [stories: KeyValueStories, options?: MemoryNetworkOptions],
  MemoryNetworkResult
>;

/**
 * The key-value memory network: what is compared and what is read are different things, such as a window of words and the name in its middle, or
 * the subject and the object of a fact.
 *
 *     q = A question,   w = softmax over i of q . A key_i,   o = sum over i of w_i A value_i,   q <- (q + o) R_k     `hops` times (`memoryHops`)
 *     answer = softmax(q B^T)
 *
 * A is a table of words, and texts are sums over its rows, weighted by the places of the words (`wordBags`). With `times`, T0[t] is added to keys
 * and T1[t] to values told t before the question.
 *
 * The sentences of the stories are the keys; `values` are texts of their own, one for each, or the sentences again. All parameters start normal with
 * the deviation .1.
 *
 * @see Miller, Fisch, Dodge, Karimi, Bordes, Weston (2016), "Key-value memory networks for directly reading documents", section 3.1
 * @example
 * const question = { sentences: [["mary", "is"], ["john", "is"]], question: ["where", "mary"], answer: "here", supports: [0] };
 * const texts = { ...question, sentences: [["here"], ["there"]] };
 * const vocabulary = storyVocabulary([question, texts]);
 * const stories = { ...packStories([question], vocabulary), values: packStories([texts], vocabulary).sentences };
 * const net = keyValueMemoryNetwork({ vocabulary: vocabulary.size, width: 8 });
 * net.apply(net.init(Key.of(1)), stories).output.shape // [ 1, 6 ]
 */
export function keyValueMemoryNetwork(config: KeyValueMemoryNetworkConfig): KeyValueMemoryNetwork {
  const what = "keyValueMemoryNetwork";
  const {
    vocabulary,
    width,
    hops = 2,
    times = 0,
  } = checkSettings<KeyValueMemoryNetworkConfig>(what, config, configKinds);
  const words = wordBags({ vocabulary, width });
  const B = normalInit(0.1, vocabulary, width);
  const looks = hopsOf({ width, hops, tying: "keyValue", times });
  return {
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      return {
        words: words.init(key.fold(0), dtype),
        hops: looks.init(key.fold(1), dtype),
        answer: B.initialise(key.fold(2), B.shape, dtype),
      };
    },
    apply(params, stories, options) {
      const name = `${what}.apply`;
      checkParts(name, params, ["words", "hops", "answer"]);
      checkStories(name, stories);
      const { sentences, values, times: time } = stories;
      if (values !== undefined) checkValues(name, values, sentences);
      const how = checkSettings<MemoryNetworkOptions>(name, options, optionKinds);
      const vectors = (of: Sequences) => sentenceVectors(words, params.words as never, of).E0!;
      const m0 = vectors(sentences);
      const members = { m0, m1: values ? vectors(values) : m0, ...(times > 0 ? { time } : {}) };
      const inputs = { u: vectors(stories.questions), sentences: members };
      const read = looks.run(params.hops, inputs, stories.structure, how);
      return { output: matmul(read.output, permute(params.answer as Value)), weights: read.weights };
    },
  };
}

function checkValues(what: string, values: unknown, keys: Sequences): asserts values is Sequences {
  checkSource(`${what}: stories.values`, values);
  if (values.structure.sequences !== keys.structure.sequences)
    throw new StructureError(
      `${what}: stories.values has ${values.structure.sequences} texts, and stories.sentences has ${keys.structure.sequences}: a value for each`,
    );
}

const configKinds = { vocabulary: size, width: size, hops: optional(size), times: optional(count) };
