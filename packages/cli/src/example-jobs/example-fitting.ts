import { type Learner, SeriesError } from "longspan";
import { Failure } from "../failure.js";
import type { Fitting, TrainingContext } from "../jobs/job.js";
import type { ExampleFacts } from "./example-events.js";
import type { ReadExamples } from "./example-kind.js";
import { finalFigures } from "./final-figures.js";
import { startFacts } from "./start-facts.js";

/** How a learner finds its parameters in one pass over the examples, and measures them on what is held out. @param model in words */
export function fittingOf<E extends object, X, P>(
  model: string,
  path: string,
  parts: ReadExamples<X, E>,
  learner: Learner<X, P>,
  { key, signal }: TrainingContext,
): Fitting<P, ExampleFacts> {
  return {
    init: () => learner.init(key),
    remedy: "lower --hidden",
    start: { ...startFacts(path, parts), model },
    async run() {
      const found = await learner.fit!(parts.train, { key, signal }).catch((error: unknown) => {
        throw error instanceof SeriesError ? new Failure(`${path}: ${error.what}`) : error;
      });
      if (found === null) return null;
      const { params, predictions, details } = found;
      return {
        params,
        async record(seconds) {
          const measured = await finalFigures(learner, params, 1, parts, signal);
          if (measured === null) return null;
          return {
            ...measured,
            details: { ...measured.details, ...details },
            perSecond: predictions / seconds,
          };
        },
      };
    },
  };
}
