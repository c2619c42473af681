import { figureOf, type Measures, type ProgressEvent } from "../events.js";
import type { Chart, Line } from "./chart.js";
import type { RunHistory } from "./run-history.js";
import { figure, linearScale, logScale, lossFigure, type Scale } from "./scale.js";
import { type Point, quantile, trend } from "./thin.js";

/** The charts of a run that has reported at least once. */
export function chartsOf(history: RunHistory, measures: Measures): readonly Chart[] {
  return [
    lossChart(history, measures),
    gradientChart(history),
    ...flowChart(history),
    learningRateChart(history),
    speedChart(history, measures),
  ];
}

function lossChart({ progress, validations, best }: RunHistory, measures: Measures): Chart {
  const training = pointsOf(progress, (e) => figureOf(e, measures.loss));
  const heldOut = validations.map((e) => ({ step: e.step, value: figureOf(e, measures.loss) }));
  const { scale, high } = lossScale(training, heldOut);
  const smooth = trend(training);
  const isLast = best !== null && best === validations.at(-1);
  return {
    id: "loss",
    title: "Loss",
    unit: measures.loss.unit,
    height: 280,
    y: scale,
    format: lossFigure,
    lines: [
      { name: "training", look: smooth ? "raw" : "training", points: training, labelled: smooth === null },
      ...(smooth ? [{ name: "training", look: "training", points: smooth }] : []),
      { name: measures.heldOut, look: "valid", points: heldOut },
    ],
    ...(best
      ? {
          note: {
            step: best.step,
            value: figureOf(best, measures.loss),
            text: isLast ? "" : `best ${lossFigure(figureOf(best, measures.loss))}`,
          },
        }
      : {}),
    above: training.filter(({ value }) => !(value <= high)),
  };
}

/** Shows all values, unless a few lie so far above the others that these would be pressed flat. */
function lossScale(training: readonly Point[], heldOut: readonly Point[]): { scale: Scale; high: number } {
  const finite = [...training, ...heldOut].filter(({ value }) => Number.isFinite(value));
  if (finite.length === 0) return { scale: linearScale(0, 1), high: 1 };
  const low = finite.reduce((a, { value }) => Math.min(a, value), Number.POSITIVE_INFINITY);
  const highest = finite.reduce((a, { value }) => Math.max(a, value), Number.NEGATIVE_INFINITY);
  const usual = quantile(finite, 0.97);
  const outlying = finite.length >= 20 && highest - low > 4 * (usual - low) && usual > low;
  const high = outlying ? low + 1.5 * (usual - low) : highest;
  const room = 0.05 * (high - low || Math.abs(low) || 1);
  return { scale: linearScale(Math.max(0, low - room), high + room), high: high + room };
}

function gradientChart({ start, progress }: RunHistory): Chart {
  const before = pointsOf(progress, (e) => e.gradientNorm);
  const after = pointsOf(progress, (e) => e.clippedNorm);
  const clip = start?.settings?.clip ?? null;
  const treated = after.some(({ value }, i) => value < before[i]!.value * (1 - 1e-6));
  const values = [...before, ...after].map(({ value }) => value).filter((v) => v > 0 && Number.isFinite(v));
  const low = values.reduce((a, b) => Math.min(a, b), clip ?? 1);
  const high = values.reduce((a, b) => Math.max(a, b), clip ?? 1);
  const median = trend(before);
  const raw: Line[] = [
    { name: "before", look: "raw", points: before, labelled: false },
    ...(treated ? [{ name: "clipped", look: "raw clipped", points: after, labelled: false }] : []),
  ];
  const few: Line[] = [
    { name: treated ? "before" : "norm", look: treated ? "raw" : "before", points: before },
    ...(treated ? [{ name: "clipped", look: "before", points: after }] : []),
  ];
  return {
    id: "gradient",
    title: "Gradient norm",
    unit: `all parameters together${median && treated ? "; darker: after clipping" : ""}`,
    height: 170,
    y: logScale(low / 1.3, high * 1.3, 4),
    lines: median ? [...raw, { name: "median", look: "before", points: median }] : few,
    ...(clip === null ? {} : { threshold: { value: clip, name: `clip ${figure(clip)}` } }),
    above: before.filter(({ value }) => !Number.isFinite(value)),
    rows: [
      { name: "random steps", look: "random", steps: growth(progress, (e) => e.randomSteps) },
      { name: "skipped steps", look: "skipped", steps: growth(progress, (e) => e.skippedSteps) },
    ].filter(({ steps }) => steps.length > 0),
  };
}

/** What the flow penalty sees, if there was one: the mean ratio of norms over one step back, 1 where the gradient keeps its length. */
function flowChart({ progress }: RunHistory): Chart[] {
  const points = pointsOf(progress, (e) => e.flow?.ratio ?? Number.NaN);
  const known = points.filter(({ value }) => Number.isFinite(value));
  if (known.length === 0) return [];
  const smooth = trend(points);
  const low = known.reduce((a, { value }) => Math.min(a, value), 1);
  const high = known.reduce((a, { value }) => Math.max(a, value), 1);
  const room = 0.1 * (high - low) || 0.1;
  return [
    {
      id: "flow",
      title: "Flow",
      unit: "factor of the gradient's norm over one step back in time; the penalty pulls it to 1",
      height: 140,
      y: linearScale(Math.max(0, low - room), high + room, 4),
      format: figure,
      lines: [
        { name: "ratio", look: smooth ? "raw" : "training", points, labelled: smooth === null },
        ...(smooth ? [{ name: "ratio", look: "training", points: smooth }] : []),
      ],
      threshold: { value: 1, name: "1" },
    },
  ];
}

function learningRateChart({ progress }: RunHistory): Chart {
  const points = pointsOf(progress, (e) => e.learningRate);
  return {
    id: "rate",
    title: "Learning rate",
    unit: "of the last step",
    height: 110,
    y: linearScale(0, 1.05 * highestOf(points), 3),
    lines: [{ name: "", look: "plain", points }],
  };
}

function speedChart({ progress }: RunHistory, measures: Measures): Chart {
  const points = speeds(progress, measures);
  const smooth = trend(points);
  return {
    id: "speed",
    title: "Speed",
    unit: `${measures.speed.unit} per second of training`,
    height: 110,
    y: linearScale(0, 1.05 * highestOf(points), 3),
    lines: [
      { name: "", look: smooth ? "raw" : "plain", points, labelled: smooth === null },
      ...(smooth ? [{ name: "", look: "plain", points: smooth }] : []),
    ],
  };
}

/** Between one report and the next, where the size of a step is known; else as reported. */
export function speeds(
  progress: readonly ProgressEvent[],
  { speed: measure, perStep = Number.NaN }: Measures,
): Point[] {
  return progress.map((event, i) => {
    const { step, seconds } = event;
    const last = progress[i - 1];
    const [steps, time] = [step - (last?.step ?? 0), seconds - (last?.seconds ?? 0)];
    const speed = time > 0 ? (perStep * steps) / time : Number.NaN;
    return { step, value: Number.isFinite(speed) ? speed : figureOf(event, measure) };
  });
}

function pointsOf(progress: readonly ProgressEvent[], read: (event: ProgressEvent) => number): Point[] {
  return progress.map((event) => ({ step: event.step, value: numberOf(read(event)) }));
}

/** What JSON could not hold, or an older file does not have, is not a number. */
function numberOf(value: number | null | undefined): number {
  return value ?? Number.NaN;
}

/** The steps at which a count went up; after an interruption it may begin anew. */
function growth(progress: readonly ProgressEvent[], countOf: (event: ProgressEvent) => number): number[] {
  let last = 0;
  return progress.flatMap((event) => {
    const count = countOf(event) ?? 0;
    const grew = count > last;
    last = count;
    return grew ? [event.step] : [];
  });
}

function highestOf(points: readonly Point[]): number {
  const highest = points.reduce((a, { value }) => (value > a && Number.isFinite(value) ? value : a), 0);
  return highest > 0 ? highest : 1;
}
