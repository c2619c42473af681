import type { Learner } from "longspan";
import { readRunConfig, readRunWeights } from "longspan/node";
import { Failure } from "../failure.js";
import { cellOfRun } from "../own-cell.js";
import { type ExampleConfig, exampleSchema, sameData } from "./example-config.js";
import type { ExampleKind } from "./example-kind.js";
import type { ExampleSettings } from "./example-settings.js";
import { partingKey } from "./parting-key.js";
import { storedEncoding } from "./stored-encoding.js";

/** A trained run, with examples that it did not learn from. */
export interface OpenedExamples<X, P> {
  readonly config: ExampleConfig;
  readonly learner: Learner<X, P>;
  readonly params: P;
  /** Steps of training that the parameters have had; null if that is not known. */
  readonly step: number | null;
  readonly examples: readonly X[];
  /** Where these are from, in words. */
  readonly from: string;
}

/**
 * Opens a run over examples, with what it held out, or with other data.
 * @throws RunError, or Failure if the run held out nothing, or its data are no longer the same
 */
export async function openExamples<S extends ExampleSettings, E extends object, X, P>(
  kind: ExampleKind<S, E, X, P>,
  run: string,
  other: string | undefined,
): Promise<OpenedExamples<X, P>> {
  const config = readRunConfig(run, exampleSchema(kind.task, kind.settings)) as unknown as ExampleConfig<S>;
  const { settings } = config;
  const encoding = storedEncoding<E>(run);
  const learner = kind.learner(
    kind.evalSettings?.(settings) ?? settings,
    encoding,
    await cellOfRun(run, settings),
  );
  const { params, step } = readRunWeights(run, learner);
  if (other === undefined && settings.valid === 0 && !(settings as { readonly test?: number }).test)
    throw new Failure(`${run} was trained with nothing held out (--valid 0); name other data`);
  const sources = (at: string) => kind.sources?.(at, settings) ?? [];
  const path = other ?? sameData(config, undefined, run, sources);
  const key = partingKey(settings.seed);
  const { valid, test = [] } = await kind.read({ path, settings, encoding, whole: other !== undefined, key });
  const examples = test.length > 0 ? test : valid;
  if (examples.length === 0) throw new Failure(`${path} holds no ${kind.one}`);
  const from = other ?? `the ${test.length > 0 ? "test" : "held-out"} part of ${config.data.path}`;
  return { config, learner, params, step, examples, from };
}
