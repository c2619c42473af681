import { existsSync } from "node:fs";
import { parse, resolve } from "node:path";
import {
  countUnknown,
  evaluateText,
  type Key,
  type LanguageModel,
  type LanguageModelParams,
  type LanguageModelState,
  type OwnCellMaker,
  storedVocabulary,
  textTask,
} from "longspan";
import { readRunVocabulary } from "longspan/node";
import { exitCode, Failure } from "../../failure.js";
import type { Resolved } from "../../settings/resolve.js";
import { keptSettings } from "../../settings/training.js";
import { type Job, job, type Prepared, type Training, type TrainingContext } from "../job.js";
import { modelConfig, modelFor, type TextRunConfig, type TextSettings, textSchema } from "./config.js";
import { type TextFacts, textMeasures } from "./events.js";
import { finishText } from "./finish.js";
import { watchOnText } from "./flow.js";
import { heldOutByLength, heldOutFigures, lengthsOf } from "./lengths.js";
import { textLines } from "./lines.js";
import { reportHtml } from "./report.js";
import type { trainTextSettings } from "./settings.js";
import { type TextData, textData } from "./text-data.js";
import { openText } from "./text-file.js";
import { readingVocabulary } from "./tokenizer.js";

const own: Job<TextRunConfig, TextFacts> = {
  schema: textSchema,
  begin(path, resolved, cell) {
    const chosen = resolved as Resolved<typeof trainTextSettings>;
    checkHeldOut(chosen);
    const settings = keptSettings(chosen.values);
    const data = textData(openText(path), settings, null);
    checkLengths(chosen, data);
    const text = { path: resolve(path), sha256: data.sha256, characters: data.characters };
    return {
      config: { task: "text", text, settings },
      name: parse(path).name || "text",
      vocabulary: storedVocabulary(data.vocabulary),
      ...prepared(settings, data, cell),
    };
  },
  goOn({ text: stored, settings }, path, folder, cell) {
    const vocabulary = readingVocabulary(readRunVocabulary(folder), folder);
    const text = openText(path ?? stored.path);
    if (text.sha256 !== stored.sha256) throw otherText(text.path, stored.path, folder);
    return prepared(settings, textData(text, settings, vocabulary), cell);
  },
  measures: textMeasures("char"),
  lines: textLines,
  report: (config, events) => reportHtml({ config, events }),
  smaller: "--batch, --seq, --hidden or, with words, --vocabulary",
  command: () => "longspan train text",
};

/** Trains a language model on a text. */
export const textJob = job(own);

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
  const looking = (["earlyStop", "validEvery", "watchFlow", "beyond"] as const).filter(
    (key) => values[key] !== null,
  );
  for (const key of values.schedule === "plateau" ? [...looking, "schedule" as const] : looking)
    throw new Failure(
      `${phrase(key)} looks at text that is held out, and ${phrase("valid")} holds out nothing; leave one of them out`,
      origins[key].from === "command line" ? exitCode.usage : exitCode.failure,
    );
}

/** @throws Failure if the held-out text is shorter than a length at which it is to be read */
function checkLengths(
  { values, phrase }: Resolved<typeof trainTextSettings>,
  { valid, train }: TextData,
): void {
  const { lengths } = lengthsOf(values.beyond, { batch: values.batch, symbols: train.length });
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  if (longest >= valid.length && longest > 0)
    throw new Failure(
      `${phrase("beyond")} asks for pieces of ${longest}, and the held-out text has ${valid.length}; ask for less than that, or hold out more with --valid`,
    );
}

function prepared(settings: TextSettings, data: TextData, cell: OwnCellMaker | null): Prepared<TextFacts> {
  const model = modelFor(settings, data.vocabulary.size, cell);
  return { training: (context, use) => use(trainingOf(settings, data, model, context)) };
}

function trainingOf(
  settings: TextSettings,
  data: TextData,
  model: LanguageModel,
  { key, signal }: TrainingContext,
): Training<LanguageModelParams, LanguageModelState, TextFacts> {
  const { backward, curvatureBatch: curvature, level } = settings;
  const [init, training, forSample] = key.split(3) as [Key, Key, Key];
  const figures = (nats: number) => heldOutFigures(nats, level);
  return {
    task: textTask(model, data.streams, {
      backward: { kind: backward },
      ...(curvature === null ? {} : { curvature }),
    }),
    keys: { init, training },
    init: (k) => model.init(k),
    remedy: "lower --hidden, --layers or --features",
    start: {
      path: data.path,
      level: data.vocabulary.level,
      characters: {
        total: data.symbols.length,
        train: data.train.length,
        valid: data.valid.length,
        different: data.vocabulary.size,
        ...(data.vocabulary.unknown === null ? {} : { unknown: countUnknown(data.vocabulary, data.symbols) }),
      },
      model: modelConfig(settings),
    },
    progress: ({ loss, predictions, seconds }) => ({
      nats: loss,
      charactersPerSecond: predictions / seconds,
    }),
    validation:
      data.valid.length === 0
        ? null
        : {
            every: validationInterval(settings, data),
            async run(params) {
              const { nats, complete } = await evaluateText(model, params, data.valid, { signal });
              return complete ? { loss: nats, facts: (best) => ({ ...figures(nats), best }) } : null;
            },
          },
    keeps: "best",
    watch: () => watchOnText(model, data.valid, settings),
    async finish(end, ending) {
      const { state, loss, predictions } = end;
      const { history } = state;
      const kept = state.best ?? { step: state.step, loss: Number.NaN };
      const beyond = await heldOutByLength(model, (state.best ?? state).params, data.valid, {
        ...lengthsOf(settings.beyond, { batch: settings.batch, symbols: data.train.length }),
        level,
        signal,
      });
      if (beyond === null) return false;
      const done = () =>
        ending.done({
          ...(predictions === 0 ? {} : { train: { nats: loss } }),
          ...(settings.valid === 0 ? {} : { valid: { step: kept.step, ...figures(kept.loss) } }),
          ...(beyond.length === 0 ? {} : { beyond }),
          charactersPerSecond: history.predictions / history.seconds,
        });
      // A model without a finite loss may have no distribution to draw from.
      const drawn = state.best ?? (data.valid.length === 0 ? state : null);
      if (drawn === null) done();
      else {
        const { vocabulary } = data;
        await finishText({ model, params: drawn.params, vocabulary, key: forSample, signal }, ending, done);
      }
      return true;
    },
  };
}

/** How often the held-out text is read: by steps where the run is measured in steps, so that it is the same run every time. */
function validationInterval({ steps, validEvery }: TextSettings, { valid, streams }: TextData) {
  if (validEvery !== null) return { steps: validEvery };
  if (steps === null) return { seconds: 30, share: 0.05 };
  // Reading costs a third of learning; at most a twentieth of the time, and about twenty times in all.
  const perStep = streams.predictions / streams.segments;
  return { steps: Math.max(Math.ceil(steps / 20), Math.ceil((20 * valid.length) / (3 * perStep))) };
}
