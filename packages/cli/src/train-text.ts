import { existsSync } from "node:fs";
import { parse, resolve } from "node:path";
import {
  evaluateText,
  Key,
  type LanguageModel,
  type LanguageModelParams,
  type LanguageModelState,
  leaves,
  startTraining,
  storedVocabulary,
  type Task,
  type Trained,
  textTask,
  train,
  withFlowPenalty,
} from "longspan";
import { chooseReporter } from "./choose-reporter.js";
import { exitCode, Failure } from "./failure.js";
import { watchOnText } from "./flow-watch.js";
import { onInterrupt } from "./interrupt.js";
import { modelFor, type RunConfig, type RunSettings } from "./run-config.js";
import { explained, fitting, goesOn, mergedSettings, quoted, tellStopped } from "./run-control.js";
import { RunEvents } from "./run-events.js";
import { chooseFolder, continueRun, createRun, describeRun, type RunFolder } from "./run-folder.js";
import { textLines } from "./run-lines.js";
import { drawSample, writeSample } from "./sample-text.js";
import { checkCurvatureBatch } from "./settings/hessian-free.js";
import { checkEffects, type Resolved } from "./settings/resolve.js";
import { type TrainSettings, trainTextSettings } from "./settings/train-text.js";
import { keptSettings } from "./settings/training.js";
import { type TextData, textData } from "./text-data.js";
import { openText } from "./text-file.js";
import { trainingPlan } from "./training-plan.js";

/** As the user calls it. */
const command = "longspan train text";

/** Characters, or words, of the sample at the end of a run. */
const sampleLength = { char: 400, word: 80 } as const;

/** Trains a language model on a text file, or goes on with it. Returns the exit code. */
export async function trainText(
  path: string | undefined,
  given: Resolved<typeof trainTextSettings>,
): Promise<number> {
  const { values } = given;
  if (goesOn(values, path !== undefined)) return goOn(values.out!, path, given);
  if (path === undefined) throw new Failure("the path of a text is missing", exitCode.usage);
  checkEffects(trainTextSettings, given);
  checkCurvatureBatch(given);
  checkHeldOut(given);
  return begin(path, values);
}

async function begin(path: string, settings: TrainSettings): Promise<number> {
  const kept = keptSettings(settings);
  const data = textData(openText(path), kept, null);
  const config: RunConfig = {
    format: "longspan-run",
    formatVersion: 7,
    task: "text",
    text: { path: resolve(path), sha256: data.sha256, characters: data.characters },
    settings: kept,
  };
  const model = modelFor(kept, data.vocabulary.size);
  const out = chooseFolder(settings.out, parse(path).name || "text");
  const folder = createRun(out, config, {
    replace: settings.force,
    vocabulary: storedVocabulary(data.vocabulary),
  });
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
    const text = openText(path ?? stored.text.path);
    if (text.sha256 !== stored.text.sha256) throw otherText(text.path, stored.text.path, out);
    const data = textData(text, config.settings, vocabulary);
    folder.saveConfig(config);
    return await runIn(folder, { config, data, model, settings: given.values });
  } finally {
    folder.close();
  }
}

function otherText(path: string, stored: string, out: string): Failure {
  if (resolve(path) === stored)
    return new Failure(
      `${path} has changed since ${out} was begun, and a run goes on with the same text only; put the old text back, or begin a new run with another --out`,
    );
  const known = existsSync(stored) ? ` (${stored})` : "";
  return new Failure(
    `${path} is not the text that ${out} was trained on${known}; a run goes on with the same text only`,
  );
}

/** @throws Failure if nothing is held out, and a setting asks for a look at it */
function checkHeldOut({ values, origins, phrase }: Resolved<typeof trainTextSettings>): void {
  if (values.valid > 0) return;
  const looking = (["earlyStop", "validEvery", "watchFlow"] as const).filter((key) => values[key] !== null);
  for (const key of values.schedule === "plateau" ? [...looking, "schedule" as const] : looking)
    throw new Failure(
      `${phrase(key)} looks at text that is held out, and ${phrase("valid")} holds out nothing; leave one of them out`,
      origins[key].from === "command line" ? exitCode.usage : exitCode.failure,
    );
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
  const { steps, minutes, seed, earlyStop, watchFlow } = settings;
  const budget = steps === null ? { minutes: minutes! } : { steps };
  const [forInit, forTraining, forSample] = Key.of(seed).split(3) as [Key, Key, Key];
  const reporter = chooseReporter(process.stdout, job.settings.json, textLines());
  const interrupt = onInterrupt(() => {
    reporter.clear();
    process.stderr.write("stopping after this step; press Ctrl-C again to end at once\n");
  });
  const { signal } = interrupt;
  const events = new RunEvents(folder, config, reporter);
  try {
    const plan = trainingPlan(settings);
    const task = taskOf(job);
    const watch = watchFlow === null ? null : watchOnText(model, data.valid, settings);
    const fresh = fitting(
      () => startTraining(task, plan.optimiser, model.init(forInit)),
      "lower --hidden, --layers or --features",
    );
    const parameters = leaves(fresh.params).reduce((n, p) => n + p.size, 0);
    const state = folder.checkpoints.load(fresh);
    events.start(data, parameters, state);
    const end = await train(task, state ?? fresh, {
      optimiser: plan.optimiser,
      schedule: plan.schedule,
      ...(plan.momentum ? { momentum: plan.momentum } : {}),
      onExplosion: plan.policy,
      budget,
      key: forTraining,
      signal,
      ...(data.valid.length === 0
        ? {}
        : {
            validation: {
              run: async (params) => {
                const { nats, complete } = await evaluateText(model, params, data.valid, { signal });
                return complete ? nats : null;
              },
              every: validationInterval(settings, data),
              ...(earlyStop === null ? {} : { patience: earlyStop }),
            },
          }),
      callbacks: [
        events.callback(plan),
        ...(watch === null ? [] : [events.watching(watch, watchFlow!)]),
        folder.checkpoints.saving({ seconds: settings.saveSeconds }),
      ],
      // What is saved is looked at first, so there is a report before each save.
      reportSeconds: Math.min(1, settings.saveSeconds),
    });
    if (end.ended === "signal") {
      events.stopped(end.state);
      return tellStopped(end.state, folder, command);
    }
    await finish(job, folder, events, end, forSample, signal);
    return 0;
  } catch (error) {
    throw explained(error, folder, command);
  } finally {
    reporter.close();
    interrupt.release();
    events.close();
  }
}

/** What is trained; with --flow, its gradient also keeps what flows back through time alive. */
function taskOf({
  model,
  data,
  config: { settings },
}: Job): Task<LanguageModelParams, unknown, LanguageModelState> {
  const { backward, curvatureBatch: curvature, flow, flowGradient: gradient } = settings;
  const task = textTask(model, data.streams, {
    backward: { kind: backward },
    ...(curvature === null ? {} : { curvature }),
  });
  return flow === null ? task : withFlowPenalty(task, { weight: flow, gradient });
}

async function finish(
  { data, model, settings: { json } }: Job,
  folder: RunFolder,
  events: RunEvents,
  end: Trained<LanguageModelParams, readonly unknown[], unknown>,
  key: Key,
  signal: { readonly aborted: boolean },
): Promise<void> {
  const kept = end.state.best ?? (data.valid.length === 0 ? end.state : null);
  // A model without a finite loss may have no distribution to draw from.
  if (kept === null) {
    events.done(end);
    return;
  }
  const { params } = kept;
  const { vocabulary } = data;
  // A net that has read no character yet is in a state that training hardly shows it; after a line's end it knows where it is.
  const prompt = vocabulary.level === "char" && vocabulary.symbols.includes("\n") ? "\n" : "";
  const request = {
    model,
    params,
    vocabulary,
    key,
    length: sampleLength[vocabulary.level],
    temperature: 0.8,
    prompt,
    signal,
  };
  if (json) {
    // The figures come last, where programs look for them, and come in any case.
    try {
      events.sample((await drawSample(request)).slice(prompt.length));
    } finally {
      events.done(end);
    }
    return;
  }
  events.done(end);
  process.stdout.write(`\na sample, at temperature 0.8:\n${prompt === "" ? "\n" : ""}`);
  events.sample((await writeSample(process.stdout, request)).slice(prompt.length));
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
