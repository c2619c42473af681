import { natsToBits } from "longspan";
import type { TrainEvent } from "../events.js";
import { trainSyntheticSettings } from "../settings/train-synthetic.js";
import type { SyntheticDoneEvent, SyntheticEvent, SyntheticStartEvent } from "../synthetic-events.js";
import { problemOf, type SyntheticRunConfig } from "../synthetic-run.js";
import type { Chart } from "./chart.js";
import { percent } from "./flow/picture.js";
import { html } from "./html.js";
import { curvesHtml, type Figure, figuresHtml, pageHtml } from "./page.js";
import { duration, whole } from "./readouts.js";
import { type RunHistory, runHistory } from "./run-history.js";
import { figure, linearScale, lossFigure } from "./scale.js";
import { settingsTables } from "./settings-html.js";

/** A run on a synthetic problem as one HTML page, in the manner of `reportHtml`. */
export function syntheticHtml(config: SyntheticRunConfig, events: readonly SyntheticEvent[]): string {
  const history = runHistory(events.flatMap(asText));
  const { problem: name, settings } = config;
  const start = events.find((e) => e.event === "start") ?? null;
  const end = history.end === null ? null : events.findLast((e) => e.event === "done");
  const done = end?.event === "done" && history.end?.event === "done" ? end : null;
  const measure = problemOf(config).answer === "class" ? "nats" : "squared error";
  const words = { loss: `${measure} per answer`, heldOut: "fresh", counted: "steps" };
  const { cell, layers, hidden } = settings;
  return pageHtml({
    name,
    start,
    lead: html`${layers === 1 ? "One layer" : `${layers} layers`} of ${hidden} units (${cell}), trained on sequences that never come twice. ${endInWords(history, done)}`,
    body: html`${figuresHtml(figuresOf(history, done, start, measure))}
${curvesHtml(history, words, wrongChart(events, history))}
${settingsTables(trainSyntheticSettings, settings, [["task", name]])}`,
  });
}

/** Curves are those of any run: a loss is a loss, and what is counted per second is steps. */
function asText(event: SyntheticEvent): TrainEvent[] {
  switch (event.event) {
    case "progress":
      return [{ ...event, nats: event.loss, charactersPerSecond: event.stepsPerSecond }];
    case "valid":
      return [{ ...event, nats: event.loss } as unknown as TrainEvent];
    default:
      return [event as unknown as TrainEvent];
  }
}

function endInWords({ end, progress }: RunHistory, done: SyntheticDoneEvent | null): string {
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
  { end, progress }: RunHistory,
  done: SyntheticDoneEvent | null,
  start: SyntheticStartEvent | null,
  measure: "nats" | "squared error",
): Figure[] {
  const last = progress.at(-1);
  const [steps, seconds] = [end?.steps ?? last?.step, end?.seconds ?? last?.seconds];
  const speed = done?.stepsPerSecond ?? last?.charactersPerSecond;
  const figures: Figure[] = [];
  if (done) {
    const { share, sequences, loss } = done.fresh;
    figures.push(["Wrong", percent(share), `of ${whole(sequences)} fresh sequences`]);
    const inBits = measure === "nats" && Number.isFinite(loss);
    const unit = inBits ? `nats, ${lossFigure(natsToBits(loss))} bits` : measure;
    figures.push(["Loss", lossFigure(loss), `${unit} per answer`]);
  }
  if (start) figures.push(["Without memory", lossFigure(start.baseline), `${measure} per answer`]);
  if (steps !== undefined) figures.push(["Steps", whole(steps), ""]);
  if (seconds !== undefined) figures.push(["Training time", duration(seconds), "without looks"]);
  if (speed !== undefined) figures.push(["Speed", figure(speed), "steps per second"]);
  if (start) figures.push(["Parameters", whole(start.parameters), `on the ${start.executor} executor`]);
  return figures;
}

/** The share of fresh sequences that were answered wrongly, at each look that the history counts. */
function wrongChart(events: readonly SyntheticEvent[], { validations }: RunHistory): Chart[] {
  const counted = new Set(validations.map(({ step }) => step));
  const shares = new Map<number, number>();
  for (const e of events) if (e.event === "valid" && counted.has(e.step)) shares.set(e.step, e.share);
  if (shares.size === 0) return [];
  const points = [...shares].sort(([a], [b]) => a - b).map(([step, value]) => ({ step, value }));
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
