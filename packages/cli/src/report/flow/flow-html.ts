import type { CurvatureReport, FlowReport, LayerCurvature, LayerFlow, SelfLoopFigures } from "longspan";
import { counted } from "../../run-lines.js";
import { documentHtml } from "../document.js";
import { type Html, html } from "../html.js";
import { type Figure, figuresHtml } from "../page.js";
import { whole } from "../readouts.js";
import { figure, lossFigure } from "../scale.js";
import { curvaturePicture } from "./curvature-picture.js";
import { gatesPicture } from "./gates-picture.js";
import { heatPicture } from "./heat-picture.js";
import { lagsPicture } from "./lags-picture.js";
import { type Picture, pictureHtml } from "./picture.js";
import { picturesStyle } from "./picture-style.js";
import { powersPicture } from "./powers-picture.js";
import { radiusInWords, spectrumPicture } from "./spectrum-picture.js";
import { constantsInWords, productInWords, timesPicture } from "./times-picture.js";

/** What was looked at. */
export interface Inspected {
  /** The folder of the run. */
  readonly run: string;
  /** The text whose segments were read, or the problem whose sequences, in words. */
  readonly text: string;
  /** Of a step. */
  readonly unit: "character" | "word" | "token" | "step";
  readonly sequences: number;
  readonly steps: number;
  /** Of the loss. */
  /** What the loss is in: "nats", "squared error", or another name of a loss. */
  readonly measure: string;
}

/** `8 segments of 100 characters of a text` */
export function piecesOf({ text, unit, sequences, steps }: Inspected): string {
  return `${counted(sequences, unit === "step" ? "sequence" : "segment")} of ${counted(steps, unit)} of ${text}`;
}

/** `1.234 nats` */
export function lossOf({ measure }: Inspected, loss: number): string {
  if (!Number.isFinite(loss)) return "not finite";
  return measure === "nats" ? `${lossFigure(loss)} nats` : `a ${measure} of ${figure(loss)}`;
}

/** The pictures of a report, in the order of the page. */
export function flowPictures(report: FlowReport, curvature: CurvatureReport | null): readonly Picture[] {
  return [
    lagsPicture(report),
    heatPicture(report),
    spectrumPicture(report),
    gatesPicture(report),
    timesPicture(report),
    powersPicture(report),
    ...(curvature ? [curvaturePicture(curvature)] : []),
  ];
}

/** A flow report as one HTML page that stands alone: it loads nothing and runs nothing. */
export function flowHtml(
  inspected: Inspected,
  report: FlowReport,
  curvature: CurvatureReport | null,
): string {
  const { run, unit } = inspected;
  return documentHtml({
    title: `${run}: information flow`,
    kicker: "Information flow in a trained model",
    heading: run,
    lead: `Where the gradient of the loss at the last ${unit} goes, through ${piecesOf(inspected)}. The loss there is ${lossOf(inspected, report.loss)}.`,
    body: html`${report.layers.map((layer, k) => layerHtml(layer, report.layers.length, curvature?.layers[k]))}
<section class="curves">
${flowPictures(report, curvature).map(pictureHtml)}
</section>`,
    footer: "Made by longspan inspect; longspan inspect --json prints every figure in full.",
    rules: picturesStyle,
  });
}

function layerHtml(layer: LayerFlow, layers: number, curvature: LayerCurvature | undefined): Html {
  const { verdict, exponents, cell, stateSize } = layer;
  const figures: Figure[] = [["Verdict", verdict.kind, ""]];
  if (verdict.horizon !== null) figures.push(["Horizon", whole(verdict.horizon), "steps back"]);
  if (verdict.factorPerStep !== null)
    figures.push(["Factor per step", figure(verdict.factorPerStep), "of the gradient's norm"]);
  const [largest] = exponents;
  if (largest !== undefined) figures.push(["Lyapunov exponent", figure(largest), "per step, the largest"]);
  return html`<section class="layer"><h2>Layer ${layer.layer + 1} of ${layers}: ${cell}, ${whole(stateSize)} numbers of state</h2>
<p>${sentence(verdict.words)} ${sentence(radiusInWords(layer))}</p>${verdict.advice === null ? null : html`<p>${sentence(verdict.advice)}</p>`}${curvature ? html`<p>Curvature: ${curvature.verdict.words}.</p>` : null}${layer.selfLoops.map((loop) => html`<p>${loopInWords(loop)}</p>`)}
${figuresHtml(figures)}
</section>`;
}

function loopInWords(loop: SelfLoopFigures): string {
  return [`Of ${loop.slot}, ${constantsInWords(loop)}`, productInWords(loop)]
    .flatMap((words) => (words === null ? [] : [sentence(words)]))
    .join(" ");
}

function sentence(words: string): string {
  return `${words[0]!.toUpperCase()}${words.slice(1)}.`;
}
