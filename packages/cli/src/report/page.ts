import type { Measures } from "../events.js";
import { type Chart, chartHtml } from "./chart.js";
import { chartsOf } from "./charts.js";
import { documentHtml } from "./document.js";
import { type Html, html, jsonFor } from "./html.js";
import { pointerScript } from "./pointer-script.js";
import { readoutsOf, whole } from "./readouts.js";
import type { RunHistory } from "./run-history.js";
import { linearScale } from "./scale.js";

/** What a run's page says. */
interface Page {
  readonly name: string;
  readonly start: { readonly out: string } | null;
  /** What was trained, and how it came out. */
  readonly lead: Html;
  readonly body: Html;
}

/** A run's page: it loads nothing, and its scripts only add the values at the pointer. */
export function pageHtml({ name, start, lead, body }: Page): string {
  return documentHtml({
    title: `${name}: training run`,
    kicker: html`Training run${start ? html` in <span class="path">${start.out}</span>` : null}`,
    heading: name,
    lead,
    body,
    footer: "Made by longspan from config.json and metrics.jsonl, which hold every figure in full.",
    scripts: true,
  });
}

/** A figure that stands out, with its name and what it is of. */
export type Figure = readonly [label: string, value: string, note: string];

/** Figures side by side, in rows of which the last is never one figure alone: how many there are in one goes by the page's width. */
export function figuresHtml(figures: readonly Figure[]): Html {
  const half = Math.ceil(figures.length / 2);
  const wide = figures.length <= 6 ? figures.length : half;
  const medium = figures.length <= 3 ? figures.length : half;
  return html`<dl class="figures" style="--wide: ${wide}; --medium: ${medium}">${figures.map(
    ([label, value, note]) => html`<div><dt>${label}</dt><dd><b>${value}</b> <span>${note}</span></dd></div>`,
  )}</dl>`;
}

/** The curves of a run. @param more charts that only this kind of run has */
export function curvesHtml(history: RunHistory, measures: Measures, more: readonly Chart[] = []): Html {
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
${[...chartsOf(history, measures), ...more].map((chart) => chartHtml(chart, axis))}
${breaks}
</section>
<script type="application/json" id="readouts">${jsonFor(readoutsOf(history, lastStep, measures))}</script>
<script>${pointerScript}</script>`;
}
