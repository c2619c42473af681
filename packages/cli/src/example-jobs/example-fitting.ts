import { type Learner, SeriesError } from "longspan";
import { Failure } from "../failure.js";
import type { Fitting, TrainingContext } from "../jobs/job.js";
import type { ExampleFacts, Figures } from "./example-events.js";
import type { ReadExamples } from "./example-kind.js";

/** How a learner finds its parameters in one pass over the examples, and measures them on what is held out. @param model in words */
export function fittingOf<E extends object, X, P>(
  model: string,
  path: string,
  { train, valid, summary }: ReadExamples<X, E>,
  learner: Learner<X, P>,
  { key, signal }: TrainingContext,
): Fitting<P, ExampleFacts> {
  return {
    init: () => learner.init(key),
    remedy: "lower --hidden",
    start: { path, examples: { train: train.length, valid: valid.length }, summary, model },
    async run() {
      const found = await learner.fit!(train, { key, signal }).catch((error: unknown) => {
        throw error instanceof SeriesError ? new Failure(`${path}: ${error.what}`) : error;
      });
      if (found === null) return null;
      const { params, predictions, details } = found;
      return {
        params,
        async record(seconds) {
          const measured = valid.length === 0 ? null : await learner.evaluate(params, valid, { signal });
          if (measured === null && valid.length > 0) return null;
          return {
            ...(measured
              ? {
                  valid: { ...measured.measures, loss: measured.loss, step: 1 } as Figures & { step: number },
                }
              : {}),
            details: { ...measured?.details, ...details },
            perSecond: predictions / seconds,
          };
        },
      };
    },
  };
}
