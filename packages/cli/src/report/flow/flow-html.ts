import type { FlowReport, LayerFlow } from "longspan";
import { type Html, html } from "../html.js";
import { whole } from "../readouts.js";
import { figure, lossFigure } from "../scale.js";
import { style } from "../style.js";
import { gatesPicture } from "./gates-picture.js";
import { heatPicture } from "./heat-picture.js";
import { lagsPicture } from "./lags-picture.js";
import { type Picture, pictureHtml } from "./picture.js";
import { pictureStyle } from "./picture-style.js";
import { radiusInWords, spectrumPicture } from "./spectrum-picture.js";

/** What was looked at. */
export interface Inspected {
  /** The folder of the run. */
  readonly run: string;
  /** The text whose segments were read, in words. */
  readonly text: string;
  readonly unit: "character" | "word";
  readonly sequences: number;
  readonly steps: number;
}

/** The pictures of a report, in the order of the page. */
export function flowPictures(report: FlowReport): readonly Picture[] {
  return [lagsPicture(report), heatPicture(report), spectrumPicture(report), gatesPicture(report)];
}

/** A flow report as one HTML page that stands alone: it loads nothing and runs nothing. */
export function flowHtml(inspected: Inspected, report: FlowReport): string {
  const { run, text, unit, sequences, steps } = inspected;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${run}: information flow</title>
<style>${style}${pictureStyle((name) => `var(--${name})`)}
.chart { overflow-x: auto; }
.chart .picture { display: block; width: 100%; min-width: 640px; height: auto; }
.chart figcaption { flex-wrap: wrap; white-space: normal; }
</style>
</head>
<body>
<main>
<header>
<p class="kicker">Information flow in a trained model</p>
<h1>${run}</h1>
<p class="lead">Where the gradient of the loss at the last ${unit} goes, through ${sequences === 1 ? "a segment" : `${whole(sequences)} segments`} of ${whole(steps)} ${unit}s of ${text}. The loss there is ${lossFigure(report.loss)} nats.</p>
</header>
${report.layers.map((layer) => layerHtml(layer, report.layers.length))}
<section class="curves">
${flowPictures(report).map(pictureHtml)}
</section>
<footer>Made by longspan inspect; longspan inspect --json prints every figure in full.</footer>
</main>
</body>
</html>
`.source;
}

function layerHtml(layer: LayerFlow, layers: number): Html {
  const { verdict, exponents, cell, stateSize } = layer;
  const figures: [label: string, value: string, note: string][] = [["Verdict", verdict.kind, ""]];
  if (verdict.horizon !== null) figures.push(["Horizon", whole(verdict.horizon), "steps back"]);
  if (verdict.factorPerStep !== null)
    figures.push(["Factor per step", figure(verdict.factorPerStep), "of the gradient's norm"]);
  const [largest] = exponents;
  if (largest !== undefined) figures.push(["Lyapunov exponent", figure(largest), "per step, the largest"]);
  return html`<section class="layer"><h2>Layer ${layer.layer + 1} of ${layers}: ${cell}, ${whole(stateSize)} numbers of state</h2>
<p>${sentence(verdict.words)} ${sentence(radiusInWords(layer))}</p>
<dl class="figures">${figures.map(([label, value, note]) => html`<div><dt>${label}</dt><dd><b>${value}</b> <span>${note}</span></dd></div>`)}</dl>
</section>`;
}

function sentence(words: string): string {
  return `${words[0]!.toUpperCase()}${words.slice(1)}.`;
}
