import { checkSettings, optional, size } from "../../check/index.js";
import { add, concat, gather, reshape } from "../../ops/index.js";
import type { Tensor, Value } from "../../tensor/index.js";
import { unfold } from "../../unfold/index.js";
import { gru } from "../cells/index.js";
import { checkInit } from "../layers/check-call.js";
import { type LinearParams, linear } from "../layers/index.js";
import type { Module } from "../module.js";
import { checkParts } from "../sequence-to-sequence/check-sequences.js";
import { attentionGru } from "./attention-gru.js";
import { chainsOf } from "./fact-chains.js";
import { sentenceVectors } from "./sentence-vectors.js";
import { checkStories, type Stories } from "./stories.js";
import { wordBags } from "./word-bags.js";

/** Settings of `dynamicMemoryNetwork`. */
export interface DynamicMemoryNetworkConfig {
  /** Words, answers among them. */
  readonly vocabulary: number;
  /** Features of words, facts, question and memory. */
  readonly width: number;
  /** How often the facts are passed over; 3 by default. */
  readonly episodes?: number;
  /** Hidden units of the net that gates; `width` by default. */
  readonly gate?: number;
}

/** The parameters of a GRU. */
type GruParams = ReturnType<ReturnType<typeof gru>["init"]>;

/** Parameters of a dynamic memory network, by its modules. */
export interface DynamicMemoryNetworkParams {
  /** Of sentences and questions: E0 [vocabulary, width]. */
  readonly words: Readonly<Record<string, Tensor>>;
  /** The GRUs over the facts of a story. */
  readonly facts: { readonly forward: GruParams; readonly backward: GruParams };
  /** The GRU over the words of a question. */
  readonly question: GruParams;
  /** `attentionGru`, the same for all episodes. */
  readonly episode: ReturnType<ReturnType<typeof attentionGru>["init"]>;
  /** The GRU over episodes. */
  readonly memory: GruParams;
  /** W [2 width, vocabulary], b [vocabulary]. */
  readonly answer: LinearParams;
}

/** What a dynamic memory network says of questions. */
export interface DynamicMemoryNetworkResult {
  /** Unnormalised log-probabilities of the answers, [questions, vocabulary]. */
  readonly output: Value;
  /** The logits of the gates, [sentences, episodes], in the order of the stories' sentences: to be looked at, or to be trained by labelled facts. */
  readonly gates: Value;
}

/** A dynamic memory network, made by `dynamicMemoryNetwork`. */
export type DynamicMemoryNetwork = Module<
  DynamicMemoryNetworkParams,
  [stories: Stories],
  DynamicMemoryNetworkResult
>;

/**
 * The dynamic memory network: reads the facts of a story in their order, again and again, each time with an eye to what the passes before have found.
 *
 *     c(i) = gru(s(1), ..., s(i)) + gru'(s(n), ..., s(i))                                the facts, of sentences s, sums of words (`wordBags`)
 *     q = gru over the words of the question, its last state
 *     e(k) = attentionGru over the facts, of q and m(k-1)                                an episode
 *     m(k) = gru(e(k), m(k-1)),   m(0) = q                                               the memory
 *     answer = softmax([m(K), q] W + b)
 *
 * A story without sentences has episodes of zeros. Words start normal with the deviation 1/sqrt(width), what else there is as in its cell.
 *
 * The paper has one GRU over all words of a story, whose states at the ends of sentences are the facts, and writes the answer by another GRU. Here
 * facts are as in Xiong et al. (2016): sentences are sums, and are read both ways, so that a gate can know what comes after a fact. An answer is
 * one symbol.
 *
 * @see Kumar et al. (2016), "Ask me anything: dynamic memory networks for natural language processing"; Xiong, Merity, Socher (2016), "Dynamic
 * memory networks for visual and textual question answering", section 3.1
 * @example
 * const question = { sentences: [["mary", "sat"], ["john", "stood"]], question: ["who", "sat"], answer: "mary", supports: [0] };
 * const vocabulary = storyVocabulary([question]);
 * const net = dynamicMemoryNetwork({ vocabulary: vocabulary.size, width: 8 });
 * const { output, gates } = net.apply(net.init(Key.of(1)), packStories([question], vocabulary));
 * output.shape // [ 1, 5 ]
 * gates.shape // [ 2, 3 ]: two sentences, three episodes
 */
export function dynamicMemoryNetwork(config: DynamicMemoryNetworkConfig): DynamicMemoryNetwork {
  const what = "dynamicMemoryNetwork";
  const {
    vocabulary,
    width,
    episodes = 3,
    gate = width,
  } = checkSettings<DynamicMemoryNetworkConfig>(what, config, configKinds);
  const words = wordBags({ vocabulary, width, std: 1 / Math.sqrt(width) });
  const unit = gru({ input: width, hidden: width });
  const episode = attentionGru({ width, gate });
  const answer = linear({ input: 2 * width, output: vocabulary });
  return {
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      return {
        words: words.init(key.fold(0), dtype),
        facts: { forward: unit.init(key.fold(1), dtype), backward: unit.init(key.fold(6), dtype) },
        question: unit.init(key.fold(2), dtype),
        episode: episode.init(key.fold(3), dtype),
        memory: unit.init(key.fold(4), dtype),
        answer: answer.init(key.fold(5), dtype),
      };
    },
    apply(params, stories) {
      const name = `${what}.apply`;
      checkParts(name, params, ["words", "facts", "question", "episode", "memory", "answer"]);
      checkStories(name, stories);
      const { structure, sentences, questions } = stories;
      const E0 = params.words.E0 as Value;
      const { facts, back, ones } = chainsOf(structure);
      const vectors = sentenceVectors(words, { E0 }, sentences).E0!;
      const read = { x: facts.pack(vectors) };
      const x = add(
        unfold(unit, params.facts.forward, read, facts).output,
        unfold(unit, params.facts.backward, read, back).output,
      );
      const asked = unfold(unit, params.question, { x: gather(E0, questions.x) }, questions.structure);
      const question = asked.final.h;
      const logits: Value[] = [];
      let memory = question;
      for (let k = 0; k < episodes; k++) {
        const passed = unfold(episode, params.episode, { x, question, memory }, facts);
        logits.push(reshape(facts.unpack(passed.output), [facts.nodes, 1]));
        memory = unfold(unit, params.memory, { x: passed.final.h }, ones, { initial: { h: memory } }).final.h;
      }
      const output = answer.apply(params.answer, concat([memory, question]));
      return { output, gates: concat(logits) };
    },
  };
}

const configKinds = { vocabulary: size, width: size, episodes: optional(size), gate: optional(size) };
