import type { FlowReport, RecurrentPowers } from "longspan";
import { type Html, html } from "../html.js";
import { figure, logScale } from "../scale.js";
import { panels } from "./panels.js";
import { axes, type Box, layerLook, type Picture, placing, round } from "./picture.js";

/** Below this, and above its inverse, a norm is drawn at the end of the axis. */
const end = 1e12;

/** |W^t| of the matrices that each layer's steps multiply the old state with, and the spectral radius to the power t, dashed. */
export function powersPicture({ layers }: FlowReport): Picture {
  const shown = layers.filter(({ powers }) => powers.length > 0);
  const { boxes, height } = panels(shown.length, { columns: 2, height: 220, above: 24, below: 54 });
  return {
    id: "powers",
    title: "Powers of recurrent matrices",
    unit: "|W^t| by itself, without gates and activations; dashed: the spectral radius to the power t",
    description: shown
      .flatMap(({ layer, powers }) => powers.map((p) => `layer ${layer + 1} ${powerInWords(p)}`))
      .join("; "),
    height: Math.max(24, height),
    body:
      shown.length === 0
        ? html`<text x="0" y="16">no step of these cells multiplies its old state with a square matrix, or it is too large</text>`
        : html`${shown.map(({ layer, powers }, k) => panel(layer, powers, boxes[k]!))}`,
  };
}

/** `W: spectral radius 0.98; |W^t| is 1.2 at t = 1, 0.3 at t = 64, at most 2.5` */
export function powerInWords(powers: RecurrentPowers): string {
  const { radius, norms } = powers;
  const [first, last] = [norms[0]!, norms.at(-1)!];
  const largest = norms.reduce((most, { norm }) => Math.max(most, norm), 0);
  return `${nameOf(powers)}: spectral radius ${figure(radius)}; |W^t| is ${figure(first.norm)} at t = 1, ${figure(last.norm)} at t = ${last.t}, at most ${figure(largest)}`;
}

/** `W`, or `W part 2 of 4` of gates side by side. */
function nameOf({ param, part, parts }: RecurrentPowers): string {
  return parts === 1 ? param : `${param} part ${part + 1} of ${parts}`;
}

function panel(layer: number, powers: readonly RecurrentPowers[], box: Box): Html {
  const frame = { left: box.left + 56, top: box.top, width: box.width - 64, height: box.height };
  const last = powers[0]!.norms.at(-1)!.t;
  const values = powers
    .flatMap(({ radius, norms }) => [...norms.map(({ norm }) => norm), radius, radius ** last])
    .map((v) => Math.min(end, Math.max(1 / end, v)));
  const [x, y] = [logScale(1, last), logScale(Math.min(...values) / 1.5, 1.5 * Math.max(1, ...values), 5)];
  const { px, py } = placing(frame, x, y);
  const line = (points: readonly (readonly [number, number])[]) =>
    points
      .map(([t, v], i) => `${i === 0 ? "M" : "L"}${px(t)} ${py(Math.min(end, Math.max(1 / end, v)))}`)
      .join("");
  return html`<text class="name" x="${round(box.left)}" y="${box.top - 8}">layer ${layer + 1}</text>
${axes(frame, x, y, "t")}
${powers.map(({ radius, norms }, k) => {
  const dashes = norms.map(({ t }) => [t, radius ** t] as const);
  return html`<path class="circle ${layerLook(k)}" d="${line(dashes)}"/>
<path class="curve ${layerLook(k)}" d="${line(norms.map(({ t, norm }) => [t, norm] as const))}"/>
<text class="${layerLook(k)}" x="${round(frame.left + 8 + 120 * (k % 3))}" y="${frame.top + frame.height + 36 + 15 * Math.floor(k / 3)}">${nameOf(powers[k]!)}</text>`;
})}`;
}
