import { existsSync } from "node:fs";
import { resolve } from "node:path";
import {
  ExplosionError,
  evaluateText,
  Key,
  type LanguageModel,
  type LanguageModelParams,
  leaves,
  NonFiniteLossError,
  startTraining,
  storedVocabulary,
  type Trained,
  textTask,
  train,
} from "longspan";
import { FileError, fileReason } from "longspan/node";
import { chooseReporter } from "./choose-reporter.js";
import { exitCode, Failure } from "./failure.js";
import { onInterrupt } from "./interrupt.js";
import { modelFor, type RunConfig, type RunSettings, runSettings } from "./run-config.js";
import { RunEvents } from "./run-events.js";
import {
  chooseFolder,
  contentsOf,
  continueRun,
  createRun,
  describeRun,
  type RunFolder,
} from "./run-folder.js";
import { whole } from "./run-lines.js";
import { drawSample, writeSample } from "./sample-text.js";
import type { Resolved } from "./settings/resolve.js";
import { nameOf } from "./settings/setting.js";
import type { TrainSettings, trainTextSettings } from "./settings/train-text.js";
import { readTextData, type TextData } from "./text-data.js";
import { trainingPlan } from "./training-plan.js";

/** Characters, or words, of the sample at the end of a run. */
const sampleLength = { char: 400, word: 80 } as const;

/** Trains a language model on a text file, or goes on with it. Returns the exit code. */
export async function trainText(
  path: string | undefined,
  given: Resolved<typeof trainTextSettings>,
): Promise<number> {
  const { resume, out } = given.values;
  const goesOn = resume && out !== null && contentsOf(out) === "run";
  if (resume && !goesOn && path === undefined)
    throw new Failure(
      out === null
        ? "--resume needs --out, the folder of the run to go on with"
        : `${out} holds no run to go on with`,
    );
  if (path === undefined && !goesOn) throw new Failure("the path of a text is missing", exitCode.usage);
  return goesOn ? goOn(out, path, given) : begin(path!, given.values);
}

async function begin(path: string, settings: TrainSettings): Promise<number> {
  const kept = runSettings(settings);
  const data = readTextData(path, kept, null);
  const config: RunConfig = {
    format: "longspan-run",
    formatVersion: 2,
    task: "text",
    text: { path: resolve(path), sha256: data.sha256, characters: data.characters },
    settings: kept,
  };
  const model = modelFor(kept, data.vocabulary.size);
  const out = chooseFolder(settings.out, path);
  const folder = createRun(out, config, storedVocabulary(data.vocabulary), { replace: settings.force });
  try {
    return await runIn(folder, { config, data, model, settings });
  } finally {
    folder.close();
  }
}

async function goOn(
  out: string,
  path: string | undefined,
  given: Resolved<typeof trainTextSettings>,
): Promise<number> {
  const folder = continueRun(out);
  try {
    const { config: stored, vocabulary, model } = describeRun(out);
    const config = { ...stored, settings: mergedSettings(stored.settings, given, out) };
    const text = path ?? stored.text.path;
    const data = readTextData(text, config.settings, vocabulary);
    if (data.sha256 !== stored.text.sha256)
      throw new Failure(
        `${text} is not the text that ${out} was trained on${existsSync(stored.text.path) ? ` (${stored.text.path})` : ""}; a run goes on with the same text only`,
      );
    folder.saveConfig(config);
    return await runIn(folder, { config, data, model, settings: given.values });
  } finally {
    folder.close();
  }
}

/** What may differ when a run is taken up again: how long it lasts, and what does not touch the parameters. */
const changeable: readonly (keyof RunSettings)[] = ["steps", "minutes", "saveSeconds", "tensorboard"];

function mergedSettings(
  stored: RunSettings,
  given: Resolved<typeof trainTextSettings>,
  out: string,
): RunSettings {
  const merged: Record<string, unknown> = { ...stored };
  for (const [key, was] of Object.entries(stored) as [keyof RunSettings, unknown][]) {
    if (given.origins[key].from === "default") continue;
    const is = given.values[key];
    if (changeable.includes(key)) merged[key] = is;
    else if (is !== was)
      throw new Failure(
        `${given.phrase(key)} differs from the run in ${out}, which has ${nameOf(key)} ${was === null ? "none" : was}; a run goes on with its own settings`,
      );
  }
  // One kind of budget replaces the other.
  if (given.origins.steps.from !== "default") merged.minutes = null;
  else if (given.origins.minutes.from !== "default") merged.steps = null;
  return merged as unknown as RunSettings;
}

interface Job {
  readonly config: RunConfig;
  readonly data: TextData;
  readonly model: LanguageModel;
  /** Of this command. */
  readonly settings: TrainSettings;
}

async function runIn(folder: RunFolder, job: Job): Promise<number> {
  const { config, data, model } = job;
  const { settings } = config;
  const { steps, minutes, seed, earlyStop } = settings;
  const budget = steps === null ? { minutes: minutes! } : { steps };
  const [forInit, forTraining, forSample] = Key.of(seed).split(3) as [Key, Key, Key];
  const reporter = chooseReporter(process.stdout, job.settings.json);
  const interrupt = onInterrupt(() => {
    reporter.clear();
    process.stderr.write("stopping after this step; press Ctrl-C again to end at once\n");
  });
  const { signal } = interrupt;
  const events = new RunEvents(folder, config, reporter);
  try {
    const plan = trainingPlan(settings);
    const task = textTask(model, data.streams, { backward: { kind: settings.backward } });
    const fresh = fitting(() => startTraining(task, plan.optimiser, model.init(forInit)));
    const parameters = leaves(fresh.params).reduce((n, p) => n + p.size, 0);
    const state = folder.checkpoints.load(fresh);
    events.start(data, parameters, state);
    const end = await train(task, state ?? fresh, {
      optimiser: plan.optimiser,
      schedule: plan.schedule,
      onExplosion: plan.policy,
      budget,
      key: forTraining,
      signal,
      validation: {
        run: async (params) => {
          const { nats, complete } = await evaluateText(model, params, data.valid, { signal });
          return complete ? nats : null;
        },
        every: validationInterval(settings, data),
        ...(earlyStop === null ? {} : { patience: earlyStop }),
      },
      callbacks: [events.callback(plan), folder.checkpoints.saving({ seconds: settings.saveSeconds })],
      // What is saved is looked at first, so there is a report before each save.
      reportSeconds: Math.min(1, settings.saveSeconds),
    });
    if (end.ended === "signal") return stopped(folder, events, end);
    await finish(job, folder, events, end, forSample, signal);
    return 0;
  } catch (error) {
    throw explained(error, folder);
  } finally {
    reporter.close();
    interrupt.release();
    events.close();
  }
}

function stopped(
  folder: RunFolder,
  events: RunEvents,
  { state }: Trained<unknown, unknown, unknown>,
): number {
  events.stopped(state);
  process.stderr.write(
    `stopped after ${whole(state.step)} steps; everything is saved. To go on: longspan train text --resume --out ${quoted(folder.path)}\n`,
  );
  return exitCode.interrupted;
}

async function finish(
  { data, model, settings: { json } }: Job,
  folder: RunFolder,
  events: RunEvents,
  end: Trained<LanguageModelParams, readonly unknown[], unknown>,
  key: Key,
  signal: { readonly aborted: boolean },
): Promise<void> {
  const params = end.state.best?.params ?? end.state.params;
  const { vocabulary } = data;
  const request = {
    model,
    params,
    vocabulary,
    key,
    length: sampleLength[vocabulary.level],
    temperature: 0.8,
    prompt: "",
    signal,
  };
  if (json) {
    // The figures come last, where programs look for them.
    events.sample(await drawSample(request));
    events.done(end);
    return;
  }
  events.done(end);
  process.stdout.write("\na sample, at temperature 0.8:\n\n");
  events.sample(await writeSample(process.stdout, request));
  const run = quoted(folder.path);
  process.stdout.write(
    `\nMore of it:   longspan sample ${run} --length 1000 --seed 2\nIts curves:   open ${quoted(`${folder.path}/report.html`)} in a browser\n`,
  );
}

/** How often the held-out text is read: by steps where the run is measured in steps, so that it is the same run every time. */
function validationInterval({ steps, validEvery }: RunSettings, { valid, streams }: TextData) {
  if (validEvery !== null) return { steps: validEvery };
  if (steps === null) return { seconds: 30, share: 0.05 };
  // Reading costs a third of learning; at most a twentieth of the time, and about twenty times in all.
  const perStep = streams.predictions / streams.segments;
  return { steps: Math.max(Math.ceil(steps / 20), Math.ceil((20 * valid.length) / (3 * perStep))) };
}

/** A failure of the training itself, in the words of the command line. */
function explained(error: unknown, { path, checkpoints: { savedStep } }: RunFolder): unknown {
  const goOn = `longspan train text --resume --out ${quoted(path)}`;
  const saved =
    savedStep === null ? "nothing was saved" : `the checkpoint of step ${whole(savedStep)} is intact`;
  if (error instanceof ExplosionError || error instanceof NonFiniteLossError) {
    const [what] = fileReason(error).split(/[.,;]? Remedies: /);
    return new Failure(
      `training stopped: ${what}; lower --lr or --clip, or go on with --on-explosion skip; ${saved}`,
    );
  }
  if (error instanceof FileError)
    return new Failure(`${fileReason(error)}; ${saved}${savedStep === null ? "" : `; to go on: ${goOn}`}`);
  return error;
}

/** @throws Failure if there is not the memory for it */
function fitting<T>(make: () => T): T {
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
