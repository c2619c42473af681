import { basename } from "node:path";
import { natsToBits, perplexity } from "longspan";
import type { TrainEvent } from "../events.js";
import { type ModelConfig, modelConfig, type RunConfig } from "../run-config.js";
import { chartHtml } from "./chart.js";
import { chartsOf } from "./charts.js";
import { type Html, html, jsonFor } from "./html.js";
import { pointerScript } from "./pointer-script.js";
import { duration, readoutsOf, whole } from "./readouts.js";
import { type RunHistory, runHistory } from "./run-history.js";
import { figure, linearScale, lossFigure } from "./scale.js";
import { settingsHtml } from "./settings-html.js";
import { style } from "./style.js";

/** A run to report on. */
export interface ReportedRun {
  readonly config: Pick<RunConfig, "text" | "settings">;
  /** All events so far, in order. */
  readonly events: readonly TrainEvent[];
}

/**
 * A run as one HTML page that stands alone: it loads nothing, opens from disk, and reads well on paper and without
 * scripts, which only add the values at the pointer. Its size hardly grows with the number of events.
 */
export function reportHtml({ config, events }: ReportedRun): string {
  const history = runHistory(events);
  const unit = history.start?.level === "word" ? "word" : "character";
  const name = basename(config.text.path) || config.text.path;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${name}: training run</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<p class="kicker">Training run${history.start ? html` in <span class="path">${history.start.out}</span>` : null}</p>
<h1>${name}</h1>
<p class="lead">${modelInWords(modelConfig(config.settings))}, trained to predict the next ${unit}. ${endInWords(history, unit)}</p>
</header>
${outcome(history, unit)}
${curves(history, unit)}
${history.sample === null ? null : sampleHtml(history.sample)}
${settingsHtml(config, history.start)}
<footer>Made by longspan from config.json and metrics.jsonl, which hold every figure in full.</footer>
</main>
</body>
</html>
`.source;
}

function modelInWords({ cell, layers, hidden }: ModelConfig): string {
  const name = cell === cell.toLowerCase() && cell.length <= 4 ? cell.toUpperCase() : cell;
  return `${/^([aefhilmnorsx]|[aeiou].*)/i.test(name) && !/^uni/i.test(name) ? "An" : "A"} ${name} net with ${layers === 1 ? "one layer" : `${layers} layers`} of ${hidden} units`;
}

function endInWords({ end, best, progress }: RunHistory, unit: string): string {
  const last = progress.at(-1);
  if (end?.event === "done") {
    const { nats, step } = end.valid;
    const kept = step < end.steps ? `, with the parameters of step ${whole(step)}, its best` : "";
    return `It predicts held-out text with a loss of ${lossInWords(nats, unit)}${kept}.`;
  }
  const state = end ? "Interrupted" : "Not finished: the last report came";
  const at = end ? `at step ${whole(end.steps)}` : last ? `at step ${whole(last.step)}` : null;
  if (at === null) return "It has not reported yet.";
  return `${state} ${at}. ${best ? `Its best loss on held-out text so far is ${lossInWords(best.nats, unit)}.` : "It has not been validated yet."}`;
}

function lossInWords(nats: number, unit: string): string {
  const other =
    unit === "word" ? `a perplexity of ${figure(perplexity(nats))}` : `${lossFigure(natsToBits(nats))} bits`;
  return `${lossFigure(nats)} nats per ${unit} (${other})`;
}

function outcome(history: RunHistory, unit: "character" | "word"): Html {
  const { start, end, best, progress } = history;
  const last = progress.at(-1);
  const steps = end?.steps ?? last?.step;
  const seconds = end?.seconds ?? last?.seconds;
  const speed = end?.event === "done" ? end.charactersPerSecond : last?.charactersPerSecond;
  const figures: [label: string, value: string, note: string][] = [];
  if (best) {
    figures.push(["Best held-out loss", lossFigure(best.nats), `nats per ${unit}`]);
    figures.push(
      unit === "word"
        ? ["Perplexity", figure(perplexity(best.nats)), "per word, at the best"]
        : ["In bits", lossFigure(natsToBits(best.nats)), "bits per character"],
    );
  }
  if (steps !== undefined) figures.push(["Steps", whole(steps), stepInWords(history, unit)]);
  if (Number.isFinite(seconds)) figures.push(["Training time", duration(seconds!), "without validation"]);
  if (Number.isFinite(speed)) figures.push(["Speed", whole(speed!), `${unit}s per second`]);
  if (start) figures.push(["Parameters", whole(start.parameters), `on the ${start.executor} executor`]);
  return html`<dl class="figures">${figures.map(
    ([label, value, note]) => html`<div><dt>${label}</dt><dd><b>${value}</b> <span>${note}</span></dd></div>`,
  )}</dl>`;
}

function stepInWords({ start }: RunHistory, unit: string): string {
  const { batch, seq } = start?.settings ?? {};
  return batch && seq ? `of ${batch} \u00d7 ${seq} ${unit}s` : "";
}

function curves(history: RunHistory, unit: "character" | "word"): Html {
  const { progress, validations, resumed } = history;
  if (progress.length === 0 && validations.length === 0)
    return html`<p class="empty">There are no curves yet: nothing has been reported.</p>`;
  const lastStep = Math.max(progress.at(-1)?.step ?? 0, validations.at(-1)?.step ?? 0);
  const axis = { lastStep, scale: linearScale(0, lastStep || 1, 5), resumed };
  const breaks =
    resumed.length === 0
      ? null
      : html`<p class="remark">Dotted verticals: the run was interrupted and taken up again, ${resumed.length === 1 ? "once" : `${whole(resumed.length)} times`}.</p>`;
  return html`<section class="curves">
${chartsOf(history, unit).map((chart) => chartHtml(chart, axis))}
${breaks}
</section>
<script type="application/json" id="readouts">${jsonFor(readoutsOf(history, lastStep))}</script>
<script>${pointerScript}</script>`;
}

function sampleHtml(text: string): Html {
  return html`<section class="sample"><h2>What it writes</h2><pre>${text}</pre></section>`;
}
