import { check, checkSettings, count, kind, listOf, optional, size } from "../../check/index.js";
import { matmul } from "../../ops/index.js";
import { fromArray, onCpu, type Tensor, type Traceable, type Value } from "../../tensor/index.js";
import { chain, type Structure, StructureError, unfold } from "../../unfold/index.js";
import { normalInit } from "../init/index.js";
import { checkInit } from "../layers/check-call.js";
import type { Module } from "../module.js";
import { checkParts } from "../sequence-to-sequence/check-sequences.js";
import { sentenceVectors } from "./sentence-vectors.js";
import { checkStories, type Stories } from "./stories.js";
import { supportHops } from "./support-hops.js";
import { wordBags } from "./word-bags.js";

/** Settings of `supervisedMemoryNetwork`. */
export interface SupervisedMemoryNetworkConfig {
  /** Words, answers among them. */
  readonly vocabulary: number;
  /** Features of a memory and of the query. */
  readonly width: number;
  /** How many times are told apart; 50 by default, 0 for none. */
  readonly times?: number;
}

/** Parameters of a supervised memory network. */
export interface SupervisedMemoryNetworkParams {
  /** Of sentences: E0 for what is compared, E1 for what is read; [vocabulary, width]. */
  readonly words: Readonly<Record<string, Tensor>>;
  /** Of questions: E0 [vocabulary, width]. */
  readonly question: Readonly<Record<string, Tensor>>;
  /** T0 and T1 [times, width]. */
  readonly hops: Readonly<Record<string, Tensor>>;
  /** W [width, vocabulary]. */
  readonly answer: Tensor;
}

/** What a supervised memory network says of questions whose facts are known. */
export interface SupervisedResult {
  /** Unnormalised log-probabilities of the answers, [questions, vocabulary]. */
  readonly output: Value;
  /** -log of the weights of the right facts, summed over each question's: [questions]. */
  readonly loss: Value;
}

/** What a supervised memory network finds by itself. */
export interface FoundSupports {
  /** Unnormalised log-probabilities of the answers, [questions, vocabulary]. */
  readonly output: Tensor;
  /** Per question, the places of the sentences that it found, in this order. */
  readonly supports: number[][];
}

/** A supervised memory network, made by `supervisedMemoryNetwork`. */
export interface SupervisedMemoryNetwork
  extends Module<
    SupervisedMemoryNetworkParams,
    [stories: Stories, supports: readonly (readonly number[])[]],
    SupervisedResult
  > {
  /**
   * Answers questions: finds so many facts for each, and answers from them.
   * @param hops facts per question: a number for all, or a list
   * @throws IndexError for a question about an empty story, where there is nothing to find
   */
  find(
    params: SupervisedMemoryNetworkParams,
    stories: Stories,
    hops: number | readonly number[],
  ): FoundSupports;
}

/**
 * The memory network that is told, while it learns, which sentences an answer follows from.
 *
 *     u(0) = sum over j of l_j * B q_j                                    the question
 *     w = softmax over i of u(t-1) . (k_i + T0[t_i]),   u(t) = u(t-1) + v_s + T1[t_s]     hop t, of fact s (`supportHops`)
 *     answer = softmax(u(K) W)
 *
 * k_i and v_i are vectors of sentence i by two tables of words (`wordBags`). `apply` is told the facts, any number for each question: it gives the
 * answer, and the loss of addressing; train on the sum of that and the cross-entropy of the answer. `find` chooses the facts itself.
 *
 * Parameters start normal with the deviation .1. In the paper scores are trained by a margin against memories drawn at random; here by the
 * cross-entropy of all.
 *
 * @see Weston, Chopra, Bordes (2015), "Memory networks"
 * @example
 * const question = { sentences: [["mary", "sat"], ["john", "stood"]], question: ["who", "sat"], answer: "mary", supports: [0] };
 * const vocabulary = storyVocabulary([question]);
 * const stories = packStories([question], vocabulary);
 * const net = supervisedMemoryNetwork({ vocabulary: vocabulary.size, width: 8 });
 * const params = net.init(Key.of(1));
 * net.apply(params, stories, stories.supports).loss.shape // [ 1 ]
 * net.find(params, stories, 1).supports[0]!.length // 1
 */
export function supervisedMemoryNetwork(config: SupervisedMemoryNetworkConfig): SupervisedMemoryNetwork {
  const what = "supervisedMemoryNetwork";
  const {
    vocabulary,
    width,
    times = 50,
  } = checkSettings<SupervisedMemoryNetworkConfig>(what, config, configKinds);
  const words = wordBags({ vocabulary, width, tables: 2 });
  const question = wordBags({ vocabulary, width });
  const [forced, free] = [true, false].map((isForced) => supportHops({ width, times, forced: isForced })) as [
    ReturnType<typeof supportHops>,
    ReturnType<typeof supportHops>,
  ];
  const W = normalInit(0.1, width, vocabulary);

  /** The hops of all questions, over a chain for each. */
  const run = (
    cell: typeof forced,
    params: Traceable<SupervisedMemoryNetworkParams>,
    stories: Stories,
    hops: Structure,
    inputs: object,
  ) => {
    const { E0: key, E1: value } = sentenceVectors(words, params.words as never, stories.sentences);
    const u = sentenceVectors(question, params.question as never, stories.questions).E0!;
    const sizes = Array.from(stories.structure.set("sentences").sizes);
    const sentences = { key, value, ...(times > 0 ? { time: stories.times } : {}) };
    const structure = hops.withSets({ sentences: sizes });
    return unfold(cell, params.hops as never, { ...inputs, sentences } as never, structure, {
      initial: { u },
    });
  };

  return {
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      return {
        words: words.init(key.fold(0), dtype),
        question: question.init(key.fold(1), dtype),
        hops: forced.init(key.fold(2), dtype),
        answer: W.initialise(key.fold(3), W.shape, dtype),
      };
    },
    apply(params, stories, supports) {
      const name = `${what}.apply`;
      checkParts(name, params, partNames);
      checkStories(name, stories);
      check(name, "supports", supports, supportsKind);
      checkCount(name, "supports", supports.length, stories);
      const hops = chain(supports.map(({ length }) => length));
      const flat = supports.flat();
      const target = Int32Array.from(hops.parts.order, (at) => flat[at]!);
      const { final, sums } = run(forced, params, stories, hops, {
        target: fromArray(target, [target.length], "int32"),
      });
      return { output: matmul(final.u, params.answer as Value), loss: sums.loss };
    },
    find(params, stories, hops) {
      const name = `${what}.find`;
      checkParts(name, params, partNames);
      checkStories(name, stories);
      check(name, "hops", hops, hopsKind);
      const lengths = typeof hops === "number" ? Array(stories.structure.sequences).fill(hops) : hops;
      checkCount(name, "hops", lengths.length, stories);
      const structure = chain(lengths);
      const { output, final } = run(free, params as never, stories, structure, {});
      const found = onCpu(output).toArray();
      return {
        output: matmul(final.u, params.answer) as Tensor,
        supports: lengths.map((_, s) => structure.rowsOf(s).map((row) => found[row]!)),
      };
    },
  };
}

function checkCount(what: string, name: string, has: number, { structure }: Stories): void {
  if (has !== structure.sequences)
    throw new StructureError(
      `${what}: ${name} are given for ${has} questions, and there are ${structure.sequences}`,
    );
}

const partNames = ["words", "question", "hops"];
const supportsKind = listOf(
  listOf(count, "a list of places of sentences"),
  "a list for each question of the places of its facts, as packStories gives",
);
const hopsKind = kind(
  "how many facts are to be found: an integer of at least 0, or a list with one for each question",
  (value) => count.accepts(value) || (Array.isArray(value) && value.every((n) => count.accepts(n))),
);
const configKinds = { vocabulary: size, width: size, times: optional(count) };
