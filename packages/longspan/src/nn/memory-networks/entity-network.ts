import { defineCell } from "../../cell/index.js";
import { checkSettings, optional, size } from "../../check/index.js";
import { add, matmul } from "../../ops/index.js";
import { fromArray, type Tensor, type Value } from "../../tensor/index.js";
import { unfold } from "../../unfold/index.js";
import { dotScores, rowMembers, weightsOfScores } from "../addressing/index.js";
import { constantInit, normalInit } from "../init/index.js";
import { checkInit } from "../layers/check-call.js";
import type { Module } from "../module.js";
import { checkParts, type Sequences } from "../sequence-to-sequence/check-sequences.js";
import { bent, entityMemory, slopeInit } from "./entity-memory.js";
import { chainsOf } from "./fact-chains.js";
import { maskedWords } from "./masked-words.js";
import { checkStories, type Stories } from "./stories.js";

/** Settings of `entityNetwork`. */
export interface EntityNetworkConfig {
  /** Words, answers among them. */
  readonly vocabulary: number;
  /** Features of words, sentences and entities. */
  readonly width: number;
  /** Entities that are kept track of; 20 by default. */
  readonly entities?: number;
  /** How many places of words are told apart; 20 by default. The last stands for all that come later. */
  readonly longest?: number;
}

/** Parameters of an entity network, by its modules. */
export interface EntityNetworkParams {
  /** Of words, in sentences and questions: E [vocabulary, width]; and the masks F of sentences [longest, width]. */
  readonly words: ReturnType<ReturnType<typeof maskedWords>["init"]>;
  /** The masks of questions, [longest, width]. */
  readonly question: Tensor;
  /** `entityMemory`. */
  readonly memory: ReturnType<ReturnType<typeof entityMemory>["init"]>;
  /** H [width, width] and slope [width] of what is read, R [width, vocabulary] of the answer. */
  readonly answer: { readonly H: Tensor; readonly slope: Tensor; readonly R: Tensor };
}

/** What an entity network says of questions. */
export interface EntityNetworkResult {
  /** Unnormalised log-probabilities of the answers, [questions, vocabulary]. */
  readonly output: Value;
  /** How much each entity counts for the answer, [questions, entities]. */
  readonly weights: Value;
  /** How much each sentence changed each entity, [sentences, entities], in the order of the stories' sentences. */
  readonly gates: Value;
}

/** An entity network, made by `entityNetwork`. */
export type EntityNetwork = Module<EntityNetworkParams, [stories: Stories], EntityNetworkResult>;

/**
 * The recurrent entity network: reads a story once, sentence by sentence, and keeps what is known of each of some entities. The question comes
 * afterwards, and looks at what is known by then.
 *
 *     s(t) = sum over j of F[j] * E[x_j],   q likewise with masks of its own       sentences and question (`maskedWords`)
 *     h_j(t) of s(t) and h_j(t-1)                                                   what is known of entity j (`entityMemory`)
 *     p = softmax over j of q . h_j,   u = sum over j of p_j h_j
 *     answer = softmax(phi(q + u H) R)
 *
 * The other networks here keep all sentences, and look for those that fit the question; this one keeps the same amount however long the story is. Which
 * entity is what, it finds by itself. A story without sentences leaves the keys to look at.
 *
 * What the authors train by: Adam from .01, halved every 25 epochs, 32 questions a step, the gradient clipped to the norm 40, width 100, 20 entities.
 *
 * @see Henaff, Weston, Szlam, Bordes, LeCun (2017), "Tracking the world state with recurrent entity networks"
 * @example
 * const question = { sentences: [["mary", "sat"], ["john", "stood"]], question: ["who", "sat"], answer: "mary", supports: [0] };
 * const vocabulary = storyVocabulary([question]);
 * const net = entityNetwork({ vocabulary: vocabulary.size, width: 8, entities: 3 });
 * const { output, gates } = net.apply(net.init(Key.of(1)), packStories([question], vocabulary));
 * output.shape // [ 1, 5 ]
 * gates.shape // [ 2, 3 ]: two sentences, three entities
 */
export function entityNetwork(config: EntityNetworkConfig): EntityNetwork {
  const what = "entityNetwork";
  const {
    vocabulary,
    width,
    entities = 20,
    longest = 20,
  } = checkSettings<EntityNetworkConfig>(what, config, configKinds);
  const words = maskedWords({ vocabulary, width, longest });
  const memory = entityMemory({ width, entities });
  const look = entityLook({ width, entities });
  const masks = constantInit(1, longest, width);
  const R = normalInit(0.1, width, vocabulary);
  return {
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      return {
        words: words.init(key.fold(0), dtype),
        question: masks.initialise(key.fold(1), masks.shape, dtype),
        memory: memory.init(key.fold(2), dtype),
        answer: {
          ...look.init(key.fold(3), dtype),
          R: R.initialise(key.fold(4), R.shape, dtype),
        },
      };
    },
    apply(params, stories) {
      const name = `${what}.apply`;
      checkParts(name, params, ["words", "question", "memory", "answer"]);
      checkStories(name, stories);
      const { structure, sentences, questions } = stories;
      const vectors = (F: Value, { x: word, structure }: Sequences) => {
        const inputs = { word, position: positionsOf(structure) };
        return unfold(words, { E: params.words.E, F }, inputs, structure).sums.vector;
      };
      const { facts, ones } = chainsOf(structure);
      const x = facts.pack(vectors(params.words.F, sentences));
      const reading = unfold(memory, params.memory, { x }, facts);
      const asked = { q: vectors(params.question, questions), memory: reading.final.memory };
      const { H, slope, R } = params.answer;
      const { output } = unfold(look, { H, slope }, asked, ones);
      return {
        output: matmul(output.output, R),
        weights: output.weights,
        gates: facts.unpack(reading.output),
      };
    },
  };
}

/** A question looks at what is known of each entity: a cell of one node per question. */
const entityLook = defineCell({
  name: "entityLook",
  settings: { width: size, entities: size },
  inputs: ({ width, entities }: { readonly width: number; readonly entities: number }) => ({
    q: [width],
    memory: [entities, width],
  }),
  state: () => ({}),
  params: ({ width }) => ({ H: normalInit(0.1, width, width), slope: slopeInit(width) }),
  step({ q, memory }, { H, slope }) {
    const weights = weightsOfScores(dotScores(q, memory), rowMembers);
    const read = rowMembers.weightedSum(weights, memory);
    return { state: {}, output: { output: bent(add(q, matmul(read, H)), slope), weights } };
  },
});

/** The place of each word in its sentence, counted from 0: int32 [words]. */
function positionsOf({ parts, nodes }: Sequences["structure"]): Value {
  return fromArray(Int32Array.from(parts.positions), [nodes], "int32");
}

const configKinds = { vocabulary: size, width: size, entities: optional(size), longest: optional(size) };
