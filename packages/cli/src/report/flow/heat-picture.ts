import type { FlowReport, LayerFlow } from "longspan";
import { type Html, html } from "../html.js";
import { figure, linearScale, logScale } from "../scale.js";
import { type Picture, pictureWidth, round } from "./picture.js";

/** Columns of the map at most; a longer sequence has several steps in each. */
const mostColumns = 376;
/** Rows of all layers together at most; more layers show the greatest norm of their sequences. */
const mostRows = 160;
/** Decades below the greatest norm that have colours of their own. */
const decades = 24;
const shades = 48;

/** |dL/dh(t)| as colours: steps from left to right, a band of rows for each layer, a row for each sequence. */
export function heatPicture({ layers }: FlowReport): Picture {
  const sequences = layers[0]?.norms.length ?? 0;
  const together = layers.length * sequences > mostRows;
  const bands = layers.map(({ norms }) => (together ? [greatest(norms)] : norms));
  const rowHeight = together
    ? 10
    : Math.max(4, Math.min(14, Math.floor((layers.length === 1 ? 112 : 56) / Math.max(1, sequences))));
  const [left, right, gap] = [64, 110, together ? 2 : 10];
  const width = pictureWidth - left - right;
  const bandHeight = (band: readonly Float64Array[]) => Math.max(14, band.length * rowHeight);
  const steps = layers.reduce((most, { norms }) => Math.max(most, ...norms.map((n) => n.length)), 0);
  const columns = Math.min(steps, mostColumns);
  const all = bands.flatMap((band) => band.flatMap((row) => Array.from(row))).filter(isPositive);
  const high = all.reduce((a, b) => Math.max(a, b), all[0] ?? 1);
  const low = Math.max(
    high * 10 ** -decades,
    all.reduce((a, b) => Math.min(a, b), high),
  );
  const y = logScale(low, high > low ? high : low * 10, 5);
  const x = linearScale(0, Math.max(1, steps), 8);
  const drawn: Html[] = [];
  let top = 4;
  for (const [k, band] of bands.entries()) {
    const begin = drawn.length;
    band.forEach((row, s) => {
      for (const { from, to, shade } of stretches(columnsOf(row, columns), y.position))
        drawn.push(
          html`<rect x="${round(left + (width * from) / columns)}" y="${top + s * rowHeight}" width="${round((width * (to - from)) / columns + 0.2)}" height="${rowHeight}" fill="${shadeOf(shade)}"/>`,
        );
    });
    const height = bandHeight(band);
    drawn.splice(
      begin,
      0,
      html`<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="#fff"/>`,
    );
    drawn.push(html`<text class="y" x="${left - 8}" y="${top + height / 2 + 4}">layer ${k + 1}</text>`);
    top += height + gap;
  }
  const bottom = top - gap;
  return {
    id: "heat",
    title: "Gradient norm by step",
    unit: `|dL/dh(t)|${together ? ", the greatest of all sequences" : ", a row for each sequence"}; the loss is at the right end; white: no gradient`,
    description: `${layers.length} layers, ${sequences} sequences, ${steps} steps; norms up to ${figure(high)}`,
    height: Math.max(bottom + 26, 130),
    body: html`${drawn}
${x.ticks.map((t) => html`<text class="x" x="${round(left + width * t.at)}" y="${bottom + 18}">${t.text}</text>`)}
<text class="y" x="${left - 18}" y="${bottom + 18}">step</text>
${colourBar(left + width + 22, 4, 112, y.ticks)}`,
  };
}

function isPositive(x: number): boolean {
  return x > 0 && x < Infinity;
}

function greatest(norms: LayerFlow["norms"]): Float64Array {
  const out = new Float64Array(norms.reduce((most, n) => Math.max(most, n.length), 0));
  for (const row of norms)
    row.forEach((v, t) => {
      out[t] = Math.max(out[t]!, v);
    });
  return out;
}

/** The greatest value of each column; none where there is no positive one. */
function columnsOf(row: Float64Array, columns: number): (number | null)[] {
  const out = new Array<number | null>(columns).fill(null);
  row.forEach((v, t) => {
    const c = Math.floor((t * columns) / row.length);
    if (isPositive(v)) out[c] = Math.max(out[c] ?? 0, v);
  });
  return out;
}

/** Neighbours of one shade as one. */
function stretches(values: readonly (number | null)[], position: (value: number) => number) {
  const out: { from: number; to: number; shade: number }[] = [];
  for (const [c, value] of values.entries()) {
    if (value === null) continue;
    const shade = Math.round(position(value) * (shades - 1));
    const last = out.at(-1);
    if (last?.to === c && last.shade === shade) last.to = c + 1;
    else out.push({ from: c, to: c + 1, shade });
  }
  return out;
}

function colourBar(
  left: number,
  top: number,
  height: number,
  ticks: readonly { at: number; text: string }[],
): Html {
  const piece = height / shades;
  return html`${Array.from(
    { length: shades },
    (_, k) =>
      html`<rect x="${left}" y="${round(top + height - (k + 1) * piece)}" width="12" height="${round(piece + 0.2)}" fill="${shadeOf(k)}"/>`,
  )}${ticks.map((t) => html`<text x="${left + 18}" y="${round(top + height * (1 - t.at) + 4)}">${t.text}</text>`)}`;
}

/** From pale over blue to nearly black, evenly darker. */
const stops = [
  [224, 233, 212],
  [168, 205, 215],
  [84, 142, 188],
  [47, 74, 140],
  [30, 18, 58],
] as const;

function shadeOf(shade: number): string {
  const at = (shade / (shades - 1)) * (stops.length - 1);
  const k = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [stops[k]!, stops[k + 1]!];
  const mixed = a.map((v, i) => Math.round(v + (b[i]! - v) * (at - k)));
  return `#${mixed.map((v) => v.toString(16).padStart(2, "0")).join("")}`;
}
