import type { EvalOptions } from "../command-options.js";
import { exitCode, Failure } from "../failure.js";
import { onInterrupt } from "../interrupt.js";
import { counted } from "../run-lines.js";
import type { Figures } from "./example-events.js";
import type { ExampleKind } from "./example-kind.js";
import { figuresInWords } from "./example-lines.js";
import type { ExampleSettings } from "./example-settings.js";
import { openExamples } from "./open-examples.js";

/** Measures a trained model on what its run held out, or on other data. Returns the exit code. */
export async function evalExamples<S extends ExampleSettings, E extends object, X, P>(
  kind: ExampleKind<S, E, X, P>,
  run: string,
  path: string | undefined,
  { json = false, skipUnknown, lengths }: EvalOptions,
): Promise<number> {
  const noEffect = skipUnknown ? "--skip-unknown" : lengths === undefined ? null : "--lengths";
  if (noEffect !== null)
    throw new Failure(
      `${noEffect} has no effect on a run of longspan train ${kind.task}; leave it out`,
      exitCode.usage,
    );
  const { learner, params, examples, from } = await openExamples(kind, run, path);
  const interrupt = onInterrupt(() => {});
  try {
    const begin = performance.now();
    const found = await learner.evaluate(params, examples, { signal: interrupt.signal });
    if (found === null) return exitCode.interrupted;
    const seconds = (performance.now() - begin) / 1000;
    const figures: Figures = { ...found.measures, loss: found.loss };
    const { details = {} } = found;
    const more = kind.detailLines?.(details) ?? [];
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: "eval", run, path: path ?? null, examples: examples.length, ...figures, details, seconds })}\n`
        : [
            `${from}: ${figuresInWords(kind, figures)}, over ${counted(examples.length, kind.one)} in ${seconds.toFixed(1)} s\n`,
            ...more.map(([label, text]) => `${label.padEnd(10)}${text}\n`),
          ].join(""),
    );
    return 0;
  } finally {
    interrupt.release();
  }
}
