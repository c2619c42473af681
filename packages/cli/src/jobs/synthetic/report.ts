import { answerUnits, natsToBits } from "longspan";
import type { Chart } from "../../report/chart.js";
import { percent } from "../../report/flow/picture.js";
import { type Html, html } from "../../report/html.js";
import { lengthsHtml } from "../../report/lengths-html.js";
import { curvesHtml, type Figure, figuresHtml, pageHtml } from "../../report/page.js";
import { duration, whole } from "../../report/readouts.js";
import { type RunHistory, runHistory } from "../../report/run-history.js";
import { figure, linearScale, lossFigure } from "../../report/scale.js";
import { settingsTables } from "../../report/settings-html.js";
import { problemOf, type SyntheticRunConfig } from "./config.js";
import {
  type Score,
  type SyntheticDone,
  type SyntheticEvent,
  type SyntheticFacts,
  type SyntheticStart,
  syntheticMeasures,
} from "./events.js";
import { trainSyntheticSettings } from "./settings.js";

/** A run on a synthetic problem as one HTML page, in the manner of `reportHtml`. */
export function syntheticHtml(config: SyntheticRunConfig, events: readonly SyntheticEvent[]): string {
  const measures = syntheticMeasures(problemOf(config));
  const history = runHistory(events, measures.loss);
  const { problem: name, settings } = config;
  const { start, end } = history;
  const done = end?.event === "done" ? end : null;
  const { cell, layers, hidden } = settings;
  return pageHtml({
    name,
    start,
    lead: html`${layers === 1 ? "One layer" : `${layers} layers`} of ${hidden} units (${cell}), trained on sequences that never come twice. ${endInWords(history, done)}`,
    body: html`${figuresHtml(figuresOf(history, done, start, answerUnits[problemOf(config).answer]))}
${byLength(done, config)}
${curvesHtml(history, measures, wrongChart(history))}
${settingsTables(trainSyntheticSettings, settings, [["task", name]])}`,
  });
}

function endInWords({ end, progress }: RunHistory<SyntheticFacts>, done: SyntheticDone | null): string {
  if (done) {
    const { wrong, sequences, share } = done.fresh;
    return `${done.ended === "solved" ? "Solved: of" : "Of"} ${whole(sequences)} fresh sequences it answers ${whole(wrong)} wrongly (${percent(share)}).`;
  }
  const last = progress.at(-1);
  if (end) return `Interrupted at step ${whole(end.steps)}.`;
  return last
    ? `Not finished: the last report came at step ${whole(last.step)}.`
    : "It has not reported yet.";
}

function figuresOf(
  { end, progress }: RunHistory<SyntheticFacts>,
  done: SyntheticDone | null,
  start: SyntheticStart | null,
  measure: "nats" | "squared error",
): Figure[] {
  const last = progress.at(-1);
  const [steps, seconds] = [end?.steps ?? last?.step, end?.seconds ?? last?.seconds];
  const speed = done?.stepsPerSecond ?? last?.stepsPerSecond;
  const figures: Figure[] = [];
  if (done) {
    const { share, sequences, loss, bits } = done.fresh;
    figures.push(["Wrong", percent(share), `of ${whole(sequences)} fresh sequences`]);
    const inBits = measure === "nats" && Number.isFinite(loss);
    const unit = inBits ? `nats, ${lossFigure(natsToBits(loss))} bits` : measure;
    figures.push(["Loss", lossFigure(loss), `${unit} per answer`]);
    if (bits !== undefined) {
      figures.push(["Cost", figure(bits.cost), "bits per sequence"]);
      figures.push(["Wrong bits", figure(bits.wrong), "per sequence"]);
    }
  }
  if (start) figures.push(["Without memory", lossFigure(start.baseline), `${measure} per answer`]);
  if (steps !== undefined) figures.push(["Steps", whole(steps), ""]);
  if (seconds !== undefined) figures.push(["Training time", duration(seconds), "without looks"]);
  if (speed !== undefined) figures.push(["Speed", figure(speed), "steps per second"]);
  if (start) figures.push(["Parameters", whole(start.parameters), `on the ${start.executor} executor`]);
  return figures;
}

/** The lengths that were looked at, with those of training. */
function byLength(done: SyntheticDone | null, { settings }: SyntheticRunConfig): Html | null {
  if (!done?.beyond) return null;
  const { fresh, beyond } = done;
  const inBits = fresh.bits !== undefined;
  const figures = ({ share, sequences, loss, bits }: Score) => [
    percent(share),
    whole(sequences),
    lossFigure(loss),
    ...(bits === undefined ? [] : [figure(bits.cost)]),
  ];
  return lengthsHtml(
    ["wrong", "of sequences", "loss", ...(inBits ? ["bits each"] : [])],
    [
      { length: String(settings.lengths ?? settings.length), seen: true, figures: figures(fresh) },
      ...beyond.map((at) => ({ length: whole(at.length), seen: at.seen, figures: figures(at) })),
    ],
  );
}

/** The share of fresh sequences that were answered wrongly, at each look that the history counts. */
function wrongChart({ validations }: RunHistory<SyntheticFacts>): Chart[] {
  const points = validations.map(({ step, share }) => ({ step, value: share }));
  if (points.length === 0) return [];
  const high = points.reduce((a, { value }) => Math.max(a, value), 0);
  return [
    {
      id: "wrong",
      title: "Wrong answers",
      unit: "share of fresh sequences",
      height: 170,
      y: linearScale(0, 1.05 * high || 1, 4),
      format: figure,
      lines: [{ name: "fresh", look: "valid", points }],
    },
  ];
}
