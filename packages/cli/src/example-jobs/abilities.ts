import type { JobKind } from "../jobs/job.js";
import type { ExampleKind } from "./example-kind.js";
import type { ExampleSettings } from "./example-settings.js";

/** What every kind of job over examples can do, all of it loaded when it is asked for. @param load the kind itself */
export function exampleAbilities<S extends ExampleSettings, E extends object, X, P>(
  load: () => Promise<ExampleKind<S, E, X, P>>,
): Required<Pick<JobKind, "train" | "eval" | "inspect">> {
  return {
    async train() {
      const [kind, { exampleTraining }] = await Promise.all([load(), import("./example-job.js")]);
      return exampleTraining(kind);
    },
    async eval() {
      const [kind, { evalExamples }] = await Promise.all([load(), import("./eval-examples.js")]);
      return (run, path, options) => evalExamples(kind, run, path, options);
    },
    async inspect() {
      const [kind, { examplesSubject }] = await Promise.all([load(), import("./inspect-examples.js")]);
      return (run, options) => examplesSubject(kind, run, options);
    },
  };
}
