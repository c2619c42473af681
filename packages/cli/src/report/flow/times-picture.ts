import type { FlowReport, SelfLoopFigures } from "longspan";
import { type Html, html } from "../html.js";
import { figure, linearScale, logScale } from "../scale.js";
import { panels } from "./panels.js";
import { axes, type Box, layerLook, type Picture, placing, round } from "./picture.js";

/** Above this a time constant, and below its inverse a product, is drawn at the end of the axis. */
const end = 1e6;

/**
 * The time constants that the model sets itself: for each slot with a self-loop those of its units, and the product of the factors against the
 * lag beside that of the Jacobians.
 */
export function timesPicture({ layers }: FlowReport): Picture {
  const loops = layers.flatMap(({ layer, selfLoops }) => selfLoops.map((loop) => ({ layer, ...loop })));
  const { boxes, height } = panels(2 * loops.length, { columns: 2, height: 200, above: 24, below: 50 });
  return {
    id: "times",
    title: "Time constants",
    unit: "left: -1/ln f of each unit, in steps, in order; right: what is left of a unit after lag steps",
    description: loops
      .map((loop) => `layer ${loop.layer + 1} ${loop.slot}: ${constantsInWords(loop)}`)
      .join("; "),
    height: Math.max(24, height),
    body:
      loops.length === 0
        ? html`<text x="0" y="16">no state of these cells goes on to itself by additions and gates alone</text>`
        : html`${loops.map((loop, k) => html`${unitsPanel(loop, boxes[2 * k]!)}${productsPanel(loop, boxes[2 * k + 1]!)}`)}`,
  };
}

/** `half of the time constants are below 12 steps (a tenth below 2, nine tenths below 80)` */
export function constantsInWords({ tenth, median, ninetieth }: SelfLoopFigures): string {
  const [low, middle, high] = [tenth, median, ninetieth].map(stepsInWords);
  return `half of the time constants are below ${middle} steps (a tenth below ${low}, nine tenths below ${high})`;
}

/** What is left of the slot over the longest lag, by its factors and by every path; null if there is no step before. */
export function productInWords({ products }: SelfLoopFigures): string | null {
  const last = products.at(-1);
  if (!last) return null;
  const beside =
    last.jacobian === null ? "" : `; by every path, by the Jacobians, ${figure(Math.exp(last.jacobian))}`;
  return `after ${last.lag} steps f leaves ${figure(Math.exp(last.largest))} of the unit that keeps most, ${figure(Math.exp(last.median))} of the median one${beside}`;
}

function stepsInWords(steps: number): string {
  return steps === Number.POSITIVE_INFINITY ? "infinitely many" : figure(Number(steps.toPrecision(3)));
}

type Loop = SelfLoopFigures & { readonly layer: number };

function unitsPanel({ layer, slot, perUnit }: Loop, box: Box): Html {
  const sorted = perUnit.slice().sort();
  const finite = Array.from(sorted).filter((tau) => tau > 0 && tau < end);
  const frame = inset(box);
  const [x, y] = [
    linearScale(0, Math.max(1, sorted.length - 1), 4),
    logScale(Math.min(0.5, ...finite), 1.5 * Math.max(2, ...finite), 5),
  ];
  const { px, py } = placing(frame, x, y);
  const points = Array.from(sorted, (tau, i) => `M${px(i)} ${py(tau > 0 ? Math.min(tau, end) : 1e-9)}h0.01`);
  return html`<text class="name" x="${round(box.left)}" y="${box.top - 8}">layer ${layer + 1}, ${slot}: time constants</text>
${axes(frame, x, y, "unit")}
<path class="values ${layerLook(layer)}" d="${points.join("")}"/>`;
}

function productsPanel({ layer, slot, products }: Loop, box: Box): Html {
  const frame = inset(box);
  const curves = [
    ["f, largest", products.map(({ lag, largest }) => [lag, largest] as const)],
    ["f, median", products.map(({ lag, median }) => [lag, median] as const)],
    [
      "Jacobians",
      products.flatMap(({ lag, jacobian }) => (jacobian === null ? [] : [[lag, jacobian] as const])),
    ],
  ] as const;
  const values = curves.flatMap(([, points]) => points.map(([, log]) => Math.exp(log)));
  const shown = values.filter((v) => v > 1 / end && v < end);
  const x = linearScale(0, products.at(-1)?.lag ?? 1, 5);
  const y = logScale(Math.min(0.5, ...shown) / 1.5, 1.5 * Math.max(1, ...shown), 5);
  const { px, py } = placing(frame, x, y);
  const drawn = curves.filter(([, points]) => points.length > 0);
  return html`<text class="name" x="${round(box.left)}" y="${box.top - 8}">layer ${layer + 1}, ${slot}: product over lag steps</text>
${axes(frame, x, y, "lag")}
${drawn.map(([name, points], k) => {
  const d = points.map(([lag, log], i) => `${i === 0 ? "M" : "L"}${px(lag)} ${py(Math.exp(log))}`).join("");
  return html`<path class="curve ${layerLook(k)}" d="${d}"/>
<text class="${layerLook(k)}" x="${round(frame.left + 8 + 100 * k)}" y="${frame.top + frame.height + 36}">${name}</text>`;
})}`;
}

/** The part of a panel beside the marks of its axis. */
function inset({ left, top, width, height }: Box): Box {
  return { left: left + 56, top, width: width - 64, height };
}
