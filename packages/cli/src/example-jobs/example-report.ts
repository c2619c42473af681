import { basename } from "node:path";
import type { RunEvent } from "../events.js";
import type { Chart } from "../report/chart.js";
import { html } from "../report/html.js";
import { curvesHtml, type Figure, figuresHtml, pageHtml } from "../report/page.js";
import { duration, whole } from "../report/readouts.js";
import { type RunHistory, runHistory } from "../report/run-history.js";
import { figure, linearScale, lossFigure } from "../report/scale.js";
import { settingsTables } from "../report/settings-html.js";
import { counted } from "../run-lines.js";
import type { ExampleConfig } from "./example-config.js";
import { type ExampleFacts, exampleMeasures, type Figures } from "./example-events.js";
import type { AnyExampleKind, ShownMeasure } from "./example-kind.js";
import { figuresInWords, measureInWords } from "./example-lines.js";

type Kind = Pick<
  AnyExampleKind,
  "one" | "counted" | "lossUnit" | "measures" | "measuredOn" | "sections" | "settings"
>;

/** A run over examples as one HTML page. */
export function exampleHtml(
  kind: Kind,
  config: ExampleConfig,
  events: readonly RunEvent<ExampleFacts>[],
): string {
  const measures = exampleMeasures(kind);
  const history = runHistory(events, measures.loss);
  const { settings, data } = config;
  const { start, end } = history;
  const done = end?.event === "done" ? end : null;
  const { cell, layers = 1, hidden } = settings;
  const onePass = start?.model;
  const net = onePass
    ? capital(onePass)
    : `${layers === 1 ? "One layer" : `${layers} layers`} of ${hidden} units (${cell})`;
  return pageHtml({
    name: basename(data.path) || data.path,
    start,
    lead: html`${net}, ${onePass ? "fitted to" : "trained on"} ${start === null ? `${kind.one}s` : counted(start.examples.train, kind.one)}. ${endInWords(history, kind)}`,
    body: html`${figuresHtml(figuresOf(history, kind))}
${done?.details && kind.sections ? kind.sections(done.details) : null}
${onePass ? null : curvesHtml(history, measures, measureCharts(history, kind.measures))}
${settingsTables(kind.settings, settings, [["file", data.path], ...(start?.summary ?? []).map(([name, text]): [string, string] => [name, text])])}`,
  });
}

function endInWords({ end, progress, best }: RunHistory<ExampleFacts>, kind: Kind): string {
  const last = progress.at(-1);
  if (end?.event === "done" && end.test)
    return `On the test part, by which nothing was chosen: ${figuresInWords(kind, end.test)}.`;
  if (end?.event === "done")
    return end.valid
      ? `On what was held out: ${figuresInWords(kind, end.valid)}.`
      : "Nothing was held out, so how it does on what it has not seen was not measured.";
  const at = end
    ? `Interrupted at step ${whole(end.steps)}.`
    : last
      ? `Not finished: the last report came at step ${whole(last.step)}.`
      : "It has not reported yet.";
  return best ? `${at} The best so far on what is held out: ${figuresInWords(kind, best)}.` : at;
}

function figuresOf({ start, end, best, progress }: RunHistory<ExampleFacts>, kind: Kind): Figure[] {
  const last = progress.at(-1);
  const done = end?.event === "done" ? end : null;
  const shown: Figures | undefined = done?.test ?? done?.valid ?? best ?? undefined;
  const part = done?.test
    ? `of ${counted(start?.examples.test ?? 0, kind.one)} of the test part`
    : `of ${(done?.details && kind.measuredOn?.(done.details)) ?? counted(start?.examples.valid ?? 0, `held-out ${kind.one}`)}`;
  const [steps, seconds] = [end?.steps ?? last?.step, end?.seconds ?? last?.seconds];
  const speed = done?.perSecond ?? last?.perSecond;
  const figures: Figure[] = [];
  if (shown) {
    for (const { name, words, as } of kind.measures.filter(({ name }) => shown[name] !== undefined))
      figures.push([capital(words), measureInWords(shown[name], as), part]);
    figures.push([
      done?.test ? "Loss on the test part" : "Held-out loss",
      lossFigure(shown.loss),
      kind.lossUnit,
    ]);
  }
  const onePass = done?.ended === "fitted";
  if (steps !== undefined && !onePass) figures.push(["Steps", whole(steps), ""]);
  if (Number.isFinite(seconds))
    figures.push([
      "Training time",
      onePass ? `${seconds!.toFixed(1)} s` : duration(seconds!),
      "without validation",
    ]);
  if (Number.isFinite(speed))
    figures.push(["Speed", figure(speed!), `${kind.counted ?? kind.one}s per second`]);
  if (start) figures.push(["Parameters", whole(start.parameters), `on the ${start.executor} executor`]);
  return figures;
}

/** A chart of each measure against the steps. */
function measureCharts(
  { validations }: RunHistory<ExampleFacts>,
  measures: readonly ShownMeasure[],
): Chart[] {
  return measures.flatMap(({ name, words, as }) => {
    const points = validations.flatMap((event) => {
      const value = (event as Figures)[name];
      return value === undefined || !Number.isFinite(value) ? [] : [{ step: event.step, value }];
    });
    if (points.length === 0) return [];
    const high = points.reduce((a, { value }) => Math.max(a, value), 0);
    const chart: Chart = {
      id: `measure-${name}`,
      title: capital(words),
      unit: as === "share" ? "share" : "",
      height: 170,
      y: linearScale(0, as === "share" ? 1 : 1.05 * high || 1, 4),
      format: figure,
      lines: [{ name: "held out", look: "valid", points }],
    };
    return [chart];
  });
}

function capital(words: string): string {
  return `${words[0]!.toUpperCase()}${words.slice(1)}`;
}
