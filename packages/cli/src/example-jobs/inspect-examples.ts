import type { InspectOptions } from "../command-options.js";
import { exitCode, Failure } from "../failure.js";
import type { AnySubject } from "../jobs/job.js";
import type { LastLoss } from "../measure-flow.js";
import type { Inspected } from "../report/flow/flow-html.js";
import type { ExampleKind } from "./example-kind.js";
import type { ExampleSettings } from "./example-settings.js";
import { openExamples } from "./open-examples.js";

/** What `longspan inspect` looks at in a run over examples: the longest of those that it held out, or of other data. */
export async function examplesSubject<S extends ExampleSettings, E extends object, X, P>(
  kind: ExampleKind<S, E, X, P>,
  run: string,
  options: InspectOptions,
): Promise<AnySubject> {
  if (options.steps !== undefined)
    throw new Failure(
      `--steps has no effect on a run of longspan train ${kind.task}: its ${kind.one}s are as long as they are; leave it out`,
      exitCode.usage,
    );
  const { config, learner, params, step, examples, from } = await openExamples(kind, run, options.data);
  const longest = [...examples]
    .sort((a, b) => learner.sizeOf(b) - learner.sizeOf(a))
    .slice(0, options.sequences);
  const steps = learner.sizeOf(longest[0]!);
  const inspected: Inspected = {
    run,
    text: from,
    unit: "step",
    sequences: longest.length,
    steps,
    measure: kind.lossInWords?.(config.settings as S & ExampleSettings) ?? "nats",
  };
  const batch = learner.pack(longest, null);
  const loss: LastLoss<P> = (p) => learner.loss(p, batch, null);
  const advised = {
    command: `train ${kind.task}`,
    settings: config.settings,
    run,
    trained: step,
    steps,
  };
  const answers = { loss, steps: longest.map((example) => [learner.sizeOf(example) - 1]) };
  return (look) => look({ inspected, loss, answers, params, advised });
}
