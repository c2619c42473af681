import type { FlowReport, Saturation } from "longspan";
import { type Html, html } from "../html.js";
import { panels } from "./panels.js";
import { type Box, type Picture, percent, round } from "./picture.js";

/** Histograms of every sigmoid and tanh of each layer; the parts at their ends, where slopes are small, stand out. */
export function gatesPicture({ layers }: FlowReport): Picture {
  const all = layers.flatMap(({ layer, saturation }) => saturation.map((s) => ({ layer, ...s })));
  const columns = Math.min(5, Math.max(3, ...layers.map((l) => l.saturation.length)));
  const { boxes, height } = panels(all.length, { columns, height: 90, above: 24, below: 50 });
  return {
    id: "gates",
    title: "Saturation of gates and activations",
    unit: "values over all steps; coloured: the outer twentieths, where hardly any gradient passes",
    description: all.map((s) => `layer ${s.layer + 1} ${s.name}: ${saturationInWords(s)}`).join("; "),
    height: Math.max(24, height),
    body:
      all.length === 0
        ? html`<text x="0" y="16">these cells have neither sigmoid nor tanh</text>`
        : html`${all.map((s, k) => panel(s, boxes[k]!))}`,
  };
}

/** `12 % at 0, 3 % at 1` */
export function saturationInWords({ name, low, high }: Saturation): string {
  return `${percent(low)} at ${lowest(name)}, ${percent(high)} at 1`;
}

/** The lower end of an activation's range. */
function lowest(name: string): string {
  return name.startsWith("tanh") ? "-1" : "0";
}

function panel({ layer, ...s }: Saturation & { layer: number }, { left, top, width, height }: Box): Html {
  const most = Math.max(1, ...s.histogram);
  const bar = width / s.histogram.length;
  return html`<text class="name" x="${round(left)}" y="${top - 8}">layer ${layer + 1}, ${s.name}</text>
${s.histogram.map((count, i) => {
  const tall = round((height * count) / most);
  const end = i === 0 || i === s.histogram.length - 1;
  return html`<rect class="${end ? "bar end" : "bar"}" x="${round(left + i * bar)}" y="${round(top + height - tall)}" width="${round(bar - 1)}" height="${tall}"/>`;
})}
<path class="frame" d="M${round(left)} ${top + height}h${round(width)}"/>
<text x="${round(left)}" y="${top + height + 16}">${lowest(s.name)}</text>
<text class="y" x="${round(left + width)}" y="${top + height + 16}">1</text>
<text class="x" x="${round(left + width / 2)}" y="${top + height + 16}">${saturationInWords(s)}</text>`;
}
