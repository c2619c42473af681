import type { Evaluation, Learner } from "longspan";
import type { ExampleFacts, Figures } from "./example-events.js";
import type { ReadExamples } from "./example-kind.js";

/** What a run says of its kept parameters at its end: on what is held out, and on the test part, where there is one, whose details are shown then. */
export async function finalFigures<X, P>(
  learner: Learner<X, P>,
  params: P,
  step: number,
  { valid, test = [] }: Pick<ReadExamples<X, object>, "valid" | "test">,
  signal: { readonly aborted: boolean },
): Promise<Pick<ExampleFacts["done"], "valid" | "test" | "details"> | null> {
  const measured: (Evaluation | undefined)[] = [];
  for (const part of [valid, test]) {
    const found = part.length === 0 ? undefined : await learner.evaluate(params, part, { signal });
    if (found === null) return null;
    measured.push(found);
  }
  const [onValid, onTest] = measured;
  const details = onTest ? onTest.details && { ...onTest.details, part: "test" } : onValid?.details;
  return {
    ...(onValid ? { valid: { ...figuresOf(onValid), step } as Figures & { step: number } } : {}),
    ...(onTest ? { test: figuresOf(onTest) } : {}),
    ...(details ? { details } : {}),
  };
}

function figuresOf({ measures, loss }: Evaluation): Figures {
  return { ...measures, loss };
}
