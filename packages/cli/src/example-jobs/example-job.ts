import { parse, resolve } from "node:path";
import { exampleTask, type Key, type Learner } from "longspan";
import { exitCode, Failure } from "../failure.js";
import { type Job, job, type Prepared, type Training, type TrainingContext } from "../jobs/job.js";
import type { Resolved } from "../settings/resolve.js";
import type { Table } from "../settings/setting.js";
import { keptSettings } from "../settings/training.js";
import { type ExampleConfig, exampleSchema, sameData } from "./example-config.js";
import { type ExampleFacts, exampleMeasures, type Figures } from "./example-events.js";
import { fittingOf } from "./example-fitting.js";
import type { ExampleKind, ReadExamples } from "./example-kind.js";
import { exampleLines } from "./example-lines.js";
import { exampleHtml } from "./example-report.js";
import type { ExampleSettings } from "./example-settings.js";
import { finalFigures } from "./final-figures.js";
import { fingerprint } from "./fingerprint.js";
import { partingKey } from "./parting-key.js";
import { startFacts } from "./start-facts.js";
import { storedEncoding } from "./stored-encoding.js";

/** How a kind of job over examples trains: all that is not in its `ExampleKind` is the same for all of them. */
export function exampleTraining<S extends ExampleSettings, E extends object, X, P>(
  kind: ExampleKind<S, E, X, P>,
): Job {
  const { task, settings: table } = kind;
  const measures = exampleMeasures(kind);
  const sourcesOf = (settings: S) => (path: string) => kind.sources?.(path, settings) ?? [];
  const own: Job<ExampleConfig<S>, ExampleFacts> = {
    schema: exampleSchema(task, table),
    async begin(path, resolved, cell) {
      const settings = keptSettings(resolved.values) as unknown as S;
      checkHeldOut(resolved);
      const key = partingKey(settings.seed);
      const read = await kind.read({ path, settings, encoding: null, whole: false, key });
      checkAmounts(kind, path, settings, read);
      // Before the folder is made: the cell may not be what it should.
      const learner = kind.learner(settings, read.encoding, cell);
      const sha256 = fingerprint([path, ...sourcesOf(settings)(path)]);
      return {
        config: { task, data: { path: resolve(path), sha256 }, settings },
        name: parse(path).name || task,
        vocabulary: read.encoding,
        ...prepared(kind.onePass?.(settings), settings, path, read, learner),
      };
    },
    async goOn(config, argument, folder, cell) {
      const { settings } = config;
      const path = sameData(config, argument, folder, sourcesOf(settings));
      const encoding = storedEncoding<E>(folder);
      const key = partingKey(settings.seed);
      const read = await kind.read({ path, settings, encoding, whole: false, key });
      const learner = kind.learner(settings, encoding, cell);
      return prepared(kind.onePass?.(settings), settings, path, read, learner);
    },
    measures,
    lines: () => exampleLines(kind),
    report: (config, events) => exampleHtml(kind, config, events),
    smaller: "--batch, --hidden or --layers",
    command: () => `longspan train ${task}`,
  };
  return job(own);
}

/** @throws Failure if nothing is held out, and a setting asks for a look at it */
function checkHeldOut({ values, origins, phrase }: Resolved<Table>): void {
  if ((values.valid as number) > 0) return;
  const looking = ["earlyStop", "validEvery"].filter((key) => values[key] !== null);
  for (const key of values.schedule === "plateau" ? [...looking, "schedule"] : looking)
    throw new Failure(
      `${phrase(key)} looks at what is held out, and ${phrase("valid")} holds out nothing; leave one of them out`,
      origins[key]!.from === "command line" ? exitCode.usage : exitCode.failure,
    );
}

/** @throws Failure if there is nothing to learn from, or nothing is left to hold out */
function checkAmounts<S extends ExampleSettings, X>(
  { one }: { readonly one: string },
  path: string,
  { valid }: S,
  { train, valid: heldOut }: ReadExamples<X, object>,
): void {
  if (train.length === 0) throw new Failure(`${path} holds no ${one} to learn from`);
  if (valid > 0 && heldOut.length === 0)
    throw new Failure(
      `${path} has too few ${one}s to hold out ${valid} of them (${train.length}); hold out a greater share with --valid, or nothing with --valid 0`,
    );
}

/** @param onePass the model in words, if it is fitted in one pass */
function prepared<E extends object, X, P>(
  onePass: string | null | undefined,
  settings: ExampleSettings,
  path: string,
  read: ReadExamples<X, E>,
  learner: Learner<X, P>,
): Prepared<ExampleFacts> {
  return {
    training: (context, use) => use(trainingOf(settings, path, read, learner, context)),
    ...(onePass ? { fitting: (context, use) => use(fittingOf(onePass, path, read, learner, context)) } : {}),
  };
}

function trainingOf<E extends object, X, P>(
  settings: ExampleSettings,
  path: string,
  parts: ReadExamples<X, E>,
  learner: Learner<X, P>,
  { key, signal }: TrainingContext,
): Training<P, Readonly<Record<string, never>>, ExampleFacts> {
  const { train, valid, weights } = parts;
  const { batch, curvatureBatch: curvature } = settings;
  const [init, training, order] = key.split(3) as [Key, Key, Key];
  const task = exampleTask(learner, train, {
    key: order,
    batch,
    weights,
    ...(curvature === null ? {} : { curvature }),
  });
  return {
    task,
    keys: { init, training },
    init: (k) => learner.init(k),
    remedy: "lower --hidden or --layers",
    start: startFacts(path, parts),
    progress: ({ loss, predictions, seconds }) => ({ loss, perSecond: predictions / seconds }),
    validation:
      valid.length === 0
        ? null
        : {
            every: validationInterval(settings),
            async run(params) {
              const found = await learner.evaluate(params, valid, { signal });
              if (found === null) return null;
              const figures: Figures = { ...found.measures, loss: found.loss };
              return { loss: found.loss, facts: (best) => ({ ...figures, best }) as ExampleFacts["valid"] };
            },
          },
    keeps: valid.length === 0 ? "last" : "best",
    async finish({ state, loss, predictions }, { done }) {
      const kept = state.best ?? state;
      const found = await finalFigures(learner, kept.params, kept.step, parts, signal);
      if (found === null) return false;
      const { history } = state;
      done({
        ...(predictions === 0 ? {} : { train: { loss } }),
        ...found,
        perSecond: history.predictions / history.seconds,
      });
      return true;
    },
  };
}

/** How often held-out examples are looked at: by steps where the run is measured in steps, so that it is the same run every time. */
function validationInterval({ steps, validEvery }: ExampleSettings) {
  if (validEvery !== null) return { steps: validEvery };
  return steps === null ? { seconds: 5, share: 0.1 } : { steps: Math.max(1, Math.ceil(steps / 20)) };
}
