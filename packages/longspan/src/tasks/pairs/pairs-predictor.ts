import { check, checkSettings, isRecord, type KindsOf, optional, size } from "../../check/index.js";
import { treeKind } from "../../tensor/kinds.js";
import { InputError, type Predictor } from "../predictor.js";
import { type PairsModel, type PairsParams, pairsModelKind } from "./pairs-model.js";
import { best } from "./written.js";

/** How texts are written. */
export interface PairsPredictorOptions {
  /** Beginnings that are followed at a time (`beamSearch`); 4 by default, 1 for the most probable symbol each time. */
  readonly beam?: number;
}

/** A text as a predictor writes it. */
export interface WrittenText {
  readonly source: string;
  readonly target: string;
  /** Natural logarithm. */
  readonly logProbability: number;
}

/**
 * What a trained model writes of sources: texts, or records { source }.
 *
 * @example
 * const pairs = [{ source: "ab", target: "ba" }];
 * const layer = (input: number) => recurrent(gru({ input, hidden: 8 })) as AnySequenceLayer;
 * const model = pairsModel({ vocabulary: pairsVocabulary(pairs), features: 4, hidden: 8, layer, cell: gru as never });
 * const predictor = pairsPredictor(model, model.net.init(Key.of(1)));
 * const [found] = await predictor.predict([predictor.read("ab")]);
 * Object.keys(found!); // ["source", "target", "logProbability"]
 */
export function pairsPredictor(
  model: PairsModel,
  params: PairsParams,
  options?: PairsPredictorOptions,
): Predictor<string> {
  check("pairsPredictor", "model", model, pairsModelKind);
  check("pairsPredictor", "params", params, treeKind);
  const { beam = 4 } = checkSettings("pairsPredictor", options, kinds);
  return {
    input: "a text, or a record { source }",
    format: "lines",
    read(value) {
      const source = isRecord(value) ? (value.source ?? value.text) : value;
      if (typeof source !== "string") throw new InputError("expected a text, or a record { source }");
      return source;
    },
    async predict(sources) {
      if (sources.length === 0) return [];
      return best(model, params, sources, beam).map(
        ({ text, logProbability }, i): WrittenText => ({ source: sources[i]!, target: text, logProbability }),
      );
    },
  };
}

const kinds: KindsOf<PairsPredictorOptions> = { beam: optional(size) };
