import {
  adam,
  characterVocabulary,
  clipByJointNorm,
  compose,
  defaultExecutor,
  evaluateText,
  Key,
  type LanguageModelCell,
  type LanguageModelParams,
  languageModel,
  leaves,
  linearSchedule,
  NonFiniteGradientError,
  NonFiniteLossError,
  natsToBits,
  splitText,
  startTraining,
  storedVocabulary,
  textStreams,
  textTask,
  train,
  warmUp,
} from "longspan";
import type { TrainEvent } from "./events.js";
import { exitCode, Failure } from "./failure.js";
import { onInterrupt } from "./interrupt.js";
import { readText } from "./read-text.js";
import { jsonReporter, plainReporter, whole } from "./reporter.js";
import { chooseFolder, createRun, type RunConfig, type RunWriter } from "./run-folder.js";
import { writeSample } from "./sample-text.js";
import { resolveSettings } from "./settings/resolve.js";
import { trainTextSettings } from "./settings/train-text.js";

/** Options of `longspan train text`. */
export interface TrainTextOptions {
  readonly cell: LanguageModelCell;
  readonly hidden: number;
  readonly layers: number;
  readonly embed: number;
  readonly seq: number;
  readonly batch: number;
  readonly steps?: number;
  readonly minutes?: number;
  readonly lr: number;
  readonly clip: number;
  readonly dropout: number;
  readonly seed: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Share of the text that is held out, at its end. */
const validFraction = 0.1;
/** Steps over which the learning rate rises. */
const warmUpSteps = 50;
/** Minutes of training if neither --steps nor --minutes is given. */
const usualMinutes = 10;
/** Validation on the way: at least so many seconds apart, and at most this share of the time. */
const validation = { seconds: 30, share: 0.05 } as const;

/** Trains a character language model on a text file. Returns the exit code. */
export async function trainText(path: string, options: TrainTextOptions): Promise<number> {
  const { steps, minutes = usualMinutes, seq, batch, seed } = options;
  const text = readText(path);
  const vocabulary = characterVocabulary(text);
  const characters = vocabulary.encode(text);
  checkLength(path, characters.length, batch, seq);
  const { train: known, valid } = splitText(characters, validFraction);
  const streams = textStreams(known, { streams: batch, steps: seq });

  const out = chooseFolder(options.out, path, options.force ?? false);
  const config = configOf(path, characters.length, options, steps === undefined ? { minutes } : { steps });
  const model = languageModel({ ...config.model, vocabulary: vocabulary.size });
  const [forInit, forTraining, forSample] = Key.of(seed).split(3) as [Key, Key, Key];
  const params = initialised(() => model.init(forInit));
  const parameters = leaves(params).reduce((n, p) => n + p.size, 0);
  const executor = defaultExecutor().name;

  const run = createRun(out, config, storedVocabulary(vocabulary));
  const reporter = options.json
    ? jsonReporter(process.stdout)
    : plainReporter(process.stdout, config.training);
  const settings = { ...resolveSettings(trainTextSettings, {}).values, ...options, steps: steps ?? null };
  const tell = (event: TrainEvent) => {
    run.addMetrics(event);
    reporter.tell(event);
  };
  const interrupt = onInterrupt(() =>
    process.stderr.write("\nstopping after this step; press Ctrl-C again to end at once\n"),
  );
  const { signal } = interrupt;
  try {
    tell({
      event: "start",
      path,
      level: "char",
      characters: {
        total: characters.length,
        train: known.length,
        valid: valid.length,
        different: vocabulary.size,
      },
      model: config.model,
      settings: { ...settings, minutes: steps === undefined ? minutes : null, out },
      parameters,
      executor,
      out,
    });
    const task = textTask(model, streams);
    const optimiser = compose(clipByJointNorm(options.clip), adam());
    const validate = validator(run, tell, (now) => evaluateText(model, now, valid, { signal }));
    const trained = await train(task, startTraining(task, optimiser, params), {
      optimiser,
      budget: steps === undefined ? { minutes } : { steps },
      key: forTraining,
      learningRate: warmUp(warmUpSteps, linearSchedule(options.lr)),
      signal,
      async onReport({ step, fraction, loss, learningRate, seconds, predictions, state }) {
        const [gradientNorm] = await state.optimiser[0].norm.data();
        const [factor] = await state.optimiser[0].factor.data();
        tell({
          event: "progress",
          step,
          seconds,
          fraction,
          nats: loss,
          learningRate: learningRate!,
          gradientNorm: gradientNorm!,
          clippedNorm: gradientNorm! * factor!,
          randomSteps: 0,
          skippedSteps: 0,
          charactersPerSecond: predictions / seconds,
        });
        if (fraction < 1 && !signal.aborted) await validate(state.params, step, seconds);
      },
    });
    const { state } = trained;
    await run.saveWeights(state.params, state.step);
    const stopped = () => {
      tell({ event: "stopped", steps: state.step, seconds: trained.seconds, out });
      process.stderr.write(
        `stopped after ${whole(state.step)} steps; the model is saved. To draw from it: longspan sample ${quoted(out)}\n`,
      );
      return exitCode.interrupted;
    };
    if (signal.aborted) return stopped();
    const { nats, complete } = await evaluateText(model, state.params, valid, { signal });
    if (!complete) return stopped();
    tell({
      event: "done",
      steps: state.step,
      seconds: trained.seconds,
      train: { nats: trained.loss },
      valid: { nats, bitsPerCharacter: natsToBits(nats) },
      charactersPerSecond: trained.predictions / trained.seconds,
      parameters,
      executor,
    });
    if (!options.json) {
      process.stdout.write("\na sample, at temperature 0.8:\n\n");
      await writeSample(process.stdout, {
        model,
        params: state.params,
        vocabulary,
        key: forSample,
        length: 400,
        temperature: 0.8,
        prompt: "",
        signal,
      });
      process.stdout.write(`\nMore of it:  longspan sample ${quoted(out)} --length 1000 --seed 2\n`);
    }
    return 0;
  } catch (error) {
    throw explained(error, run);
  } finally {
    interrupt.release();
    run.close();
  }
}

/** A failure of the training itself, in the words of the command line. */
function explained(error: unknown, run: RunWriter): unknown {
  const saved = run.savedStep === null ? "no model was saved" : `the model of step ${run.savedStep} is saved`;
  const remedy = `lower --lr or --clip; ${saved}`;
  if (error instanceof NonFiniteGradientError) {
    const places = error.report.map(({ path }) => path).join(", ") || "the update";
    return new Failure(
      `training stopped: the gradient after ${error.step} steps is not a finite number in ${places}; ${remedy}`,
    );
  }
  return error instanceof NonFiniteLossError
    ? new Failure(`training stopped: the loss is ${error.loss} by step ${error.lastStep}; ${remedy}`)
    : error;
}

/** A function that validates and saves if it is time for it. */
function validator(
  run: RunWriter,
  tell: (event: TrainEvent) => void,
  evaluate: (params: LanguageModelParams) => Promise<{ nats: number; complete: boolean }>,
): (params: LanguageModelParams, step: number, seconds: number) => Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  let last = performance.now();
  let wait = 1000 * validation.seconds;
  return async (params, step, seconds) => {
    const begin = performance.now();
    if (begin - last < wait) return;
    await run.saveWeights(params, step);
    const { nats, complete } = await evaluate(params);
    if (complete)
      tell({
        event: "valid",
        step,
        seconds,
        nats,
        bitsPerCharacter: natsToBits(nats),
        best: nats < best,
      });
    if (complete) best = Math.min(best, nats);
    last = performance.now();
    wait = Math.max(1000 * validation.seconds, (last - begin) / validation.share);
  };
}

function configOf(
  path: string,
  characters: number,
  options: TrainTextOptions,
  budget: { steps: number } | { minutes: number },
): RunConfig {
  const { cell, hidden, layers, embed, dropout, seq, batch, lr, clip, seed } = options;
  return {
    format: "longspan-run",
    formatVersion: 1,
    task: "text",
    text: { path, characters, validFraction },
    model: { cell, hidden, layers, embed, dropout },
    training: { seq, batch, ...budget, lr, warmUp: warmUpSteps, clip },
    seed,
  };
}

/** @throws Failure unless there is one full segment to train on and one character to predict in the part held out. */
function checkLength(path: string, length: number, batch: number, seq: number): void {
  if (length === 0) throw new Failure(`${path} is empty`);
  const trained = (n: number) => Math.floor(n * (1 - validFraction));
  const enough = (n: number) => trained(n) >= batch * seq + 1 && n - trained(n) >= 2;
  if (enough(length)) return;
  let needed = Math.floor((batch * seq) / (1 - validFraction));
  while (!enough(needed)) needed += 1;
  const lower =
    length >= 20
      ? `lower --batch or --seq (the first nine tenths must hold batch x seq + 1 characters)`
      : "use a longer text";
  throw new Failure(
    `${path} is too short: it has ${whole(length)} characters, and --batch ${batch} with --seq ${seq} needs ${whole(needed)}; ${lower}`,
  );
}

function initialised<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError)
      throw new Failure(
        `a model of this size does not fit into memory (${error.message}); lower --hidden, --layers or --embed`,
      );
    throw error;
  }
}

/** A path as one word of a command line. */
function quoted(path: string): string {
  return /^[\w./:@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
