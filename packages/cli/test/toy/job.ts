import { type Key, mean, square, sub, type Tensor, type Traceable, tensor, uniform } from "longspan";
import type { Facts } from "../../src/events.js";
import { type Job, job, type Prepared } from "../../src/jobs/job.js";
import { html } from "../../src/report/html.js";
import { curvesHtml, pageHtml } from "../../src/report/page.js";
import { runHistory } from "../../src/report/run-history.js";
import { type RunConfig, storedSettings } from "../../src/run-config.js";
import { figure, linesOf } from "../../src/run-lines.js";
import type { Resolved } from "../../src/settings/resolve.js";
import { keptSettings } from "../../src/settings/training.js";
import { numberSettings } from "./kind.js";

interface NumberConfig extends RunConfig {
  readonly number: number;
}

interface NumberFacts extends Facts {
  readonly start: { readonly number: number };
  readonly progress: { readonly error: number; readonly stepsPerSecond: number };
  readonly done: { readonly error: number };
}

const measures = {
  loss: { name: "error", unit: "squared error" },
  speed: { name: "stepsPerSecond", unit: "steps" },
  heldOut: "held out",
};

const own: Job<NumberConfig, NumberFacts> = {
  schema: { task: "number", settings: storedSettings(numberSettings), complete: true },
  begin(number, given) {
    const settings = keptSettings((given as Resolved<typeof numberSettings>).values);
    const config = { task: "number", number: Number(number), settings };
    return { config, name: "number", ...prepared(config) };
  },
  goOn: (config) => prepared(config),
  measures,
  lines: () =>
    linesOf<NumberFacts>(() => ({
      introduction: ({ number }) => [["number", String(number)]],
      loss: ({ error }) => `error ${figure(error)}`,
      speed: ({ stepsPerSecond }) => `${figure(stepsPerSecond)} steps/s`,
      lossTexts: ({ error }) => [`error ${figure(error)}`, figure(error)],
      speedTexts: () => ["", ""],
      valid: () => ["", ""],
      done: ({ error }) => [["done", `error ${figure(error)}`]],
    })),
  report(config, events) {
    const history = runHistory(events, measures.loss);
    const lead = html`${config.number} is to be learned.`;
    return pageHtml({ name: "number", start: history.start, lead, body: curvesHtml(history, measures) });
  },
  smaller: "--batch",
  command: () => "longspan train number",
};

export const numberJob = job(own);

function prepared({ number, settings: { batch } }: NumberConfig): Prepared<NumberFacts> {
  type Params = { w: Tensor };
  let last = Number.NaN;
  return {
    training: ({ key }, use) =>
      use({
        task: {
          batch: () => ({ wanted: tensor(new Array<number>(batch).fill(number)) }),
          predictions: () => batch,
          carriedAtStart: () => ({}),
          loss: ({ w }: Traceable<Params>, { wanted }: { wanted: Tensor }) => ({
            loss: mean(square(sub(w, wanted))),
            carried: {},
          }),
        },
        keys: { init: key.fold(0), training: key.fold(1) },
        init: (k: Key): Params => ({ w: uniform(k, [batch]) }),
        remedy: "lower --batch",
        start: { number },
        progress({ loss, step, seconds }, begun) {
          last = loss;
          return { error: loss, stepsPerSecond: (step - begun) / seconds };
        },
        validation: null,
        keeps: "last",
        async finish(_, { done }) {
          done({ error: last });
          return true;
        },
      }),
  };
}
