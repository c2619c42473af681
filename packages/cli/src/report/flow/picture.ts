import { type Html, html } from "../html.js";
import { figure, type Scale } from "../scale.js";
import { light } from "../style.js";
import { pictureStyle } from "./picture-style.js";

/** A drawing with its texts in it: the same in the page and as a PNG. */
export interface Picture {
  readonly id: string;
  readonly title: string;
  /** What is drawn, in a few words. */
  readonly unit: string;
  /** In words, for those who do not see it. */
  readonly description: string;
  readonly height: number;
  readonly body: Html;
}

/** Of all pictures; the page scales them. */
export const pictureWidth = 860;

/** A rectangle that is drawn in. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A picture as part of a page that has `pictureStyle`. */
export function pictureHtml({ id, title, unit, description, height, body }: Picture): Html {
  return html`<figure class="chart" id="${id}">
<figcaption><b>${title}</b> <span class="unit">${unit}</span></figcaption>
<svg class="picture" viewBox="0 0 ${pictureWidth} ${height}" role="img" aria-label="${`${title}, ${unit}: ${description}`}">${body}</svg>
</figure>`;
}

/** A picture as an SVG file that needs nothing else, with its title. */
export function pictureSvg({ title, unit, height, body }: Picture): string {
  const [margin, head] = [20, 50];
  const [width, whole] = [pictureWidth + 2 * margin, height + head + margin];
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="picture" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}">
<style>${pictureStyle((name) => light[name])}</style>
<rect width="${width}" height="${whole}" fill="${light.page}"/>
<text class="title" x="${margin}" y="30">${title}<tspan class="unit" dx="10">${unit}</tspan></text>
<g transform="translate(${margin} ${head})">${body}</g>
</svg>
`.source;
}

/** The axes of a box: marks, lines across and the name of the horizontal one. */
export function axes({ left, top, width, height }: Box, x: Scale, y: Scale, name: string): Html {
  const across = y.ticks.map((t) => `M${left} ${round(top + height * (1 - t.at))}h${width}`).join("");
  return html`<path class="grid" d="${across}"/>
${y.ticks.map((t) => html`<text class="y" x="${left - 8}" y="${round(top + height * (1 - t.at) + 4)}">${t.text}</text>`)}
${x.ticks.map((t) => html`<text class="x" x="${round(left + width * t.at)}" y="${top + height + 18}">${t.text}</text>`)}
<text class="y" x="${left - 18}" y="${top + height + 18}">${name}</text>`;
}

/** Places values in a box. */
export function placing({ left, top, width, height }: Box, x: Scale, y: Scale) {
  return {
    px: (value: number) => round(left + width * x.position(value)),
    py: (value: number) => round(top + height * (1 - y.position(value))),
  };
}

/** A share in per cent: `12 %`, `0.3 %`. */
export function percent(share: number): string {
  return `${figure(Number((100 * share).toPrecision(2)))} %`;
}

export function round(x: number): number {
  return Math.round(10 * x) / 10;
}

/** The class of a layer's colour; there are five of them. */
export function layerLook(layer: number): string {
  return `layer-${layer % 5}`;
}
