import { beamSearch, encoderDecoderSteps, greedy } from "../../decode/index.js";
import { scope } from "../../tensor/index.js";
import { forEachBatch } from "../for-each-batch.js";
import type { EvaluateExamplesOptions } from "../learner.js";
import { type PairsModel, type PairsParams, sourceSymbols } from "./pairs-model.js";
import { begin, end } from "./pairs-vocabulary.js";

/** What a model writes of sources, in their order: the most probable symbol each time. Null if the signal came. */
export async function written(
  model: PairsModel,
  params: PairsParams,
  sources: readonly string[],
  options?: EvaluateExamplesOptions,
): Promise<string[] | null> {
  const found = new Array<string>(sources.length);
  const isComplete = await forEachBatch(
    sources,
    (text) => model.source.read(text).length,
    options,
    async (some, positions) => {
      const texts = best(model, params, some, 1).map(({ text }) => text);
      for (const [k, i] of positions.entries()) found[i] = texts[k]!;
    },
  );
  return isComplete ? found : null;
}

/** What a model writes of each source, with its log-probability. @param width beginnings that are followed at a time; 1 is the most probable symbol each time */
export function best(
  model: PairsModel,
  params: PairsParams,
  sources: readonly string[],
  width: number,
): { readonly text: string; readonly logProbability: number }[] {
  const limits = { end, length: model.vocabulary.longest };
  return scope(() => {
    const steps = encoderDecoderSteps(
      model.net,
      params,
      sources.map((text) => sourceSymbols(model, text)),
      { begin },
    );
    const found =
      width === 1 ? greedy(steps, limits) : beamSearch(steps, { ...limits, width }).map(([first]) => first!);
    return found.map(({ symbols, logProbability }) => ({
      text: model.target.write(symbols),
      logProbability,
    }));
  });
}
