import type { ExampleFacts } from "./example-events.js";
import type { ReadExamples } from "./example-kind.js";

/** What the start of a run says of its examples. */
export function startFacts<X>(
  path: string,
  { train, valid, test, summary }: ReadExamples<X, object>,
): Omit<ExampleFacts["start"], "settings"> {
  const examples = {
    train: train.length,
    valid: valid.length,
    ...(test === undefined || test.length === 0 ? {} : { test: test.length }),
  };
  return { path, examples, summary };
}
