import type { FlowReport, LayerFlow } from "longspan";
import { html } from "../html.js";
import { figure, linearScale, logScale } from "../scale.js";
import { axes, type Box, layerLook, type Picture, pictureWidth, placing } from "./picture.js";

/** |dL/dh(t)| against the distance from the loss, on a log axis: a curve per layer, with a dot at its horizon. */
export function lagsPicture({ layers }: FlowReport): Picture {
  const norms = layers.flatMap(({ lags }) => lags.map((l) => l.norm)).filter((n) => n > 0 && n < Infinity);
  const low = norms.reduce((a, b) => Math.min(a, b), norms[0] ?? 1);
  const high = norms.reduce((a, b) => Math.max(a, b), norms[0] ?? 1);
  const last = layers.reduce((most, { lags }) => Math.max(most, lags.length - 1), 0);
  const height = Math.max(320, 16 * layers.length);
  const box: Box = { left: 64, top: 12, width: pictureWidth - 64 - 110, height };
  const [x, y] = [linearScale(0, last || 1, 8), logScale(low / 1.5, high * 1.5, 7)];
  const { px, py } = placing(box, x, y);
  const ends = apart(
    layers.flatMap(({ layer, lags }) => {
      const end = lags.findLast(({ norm }) => norm > 0 && norm < Infinity);
      return end ? [{ layer, y: py(end.norm) }] : [];
    }),
    box,
  );
  return {
    id: "lags",
    title: "Gradient norm by lag",
    unit: "|dL/dh(t)|, lag steps before the loss; dots: a thousandth of lag 1 is left",
    description: layers.map(inWords).join("; "),
    height: box.top + height + 30,
    body: html`${axes(box, x, y, "lag")}
${layers.map(({ layer, lags }) => html`<path class="curve ${layerLook(layer)}" d="${curve(lags, px, py)}"/>`)}
${layers.map((layer) => {
  const at = horizonPoint(layer);
  return at
    ? html`<path class="horizon ${layerLook(layer.layer)}" d="M${px(at.lag)} ${py(at.norm)}h0.01"/>`
    : html``;
})}
${ends.map((end) => html`<text class="${layerLook(end.layer)}" x="${box.left + box.width + 8}" y="${end.y + 4}">layer ${end.layer + 1}</text>`)}`,
  };
}

/** Where the gradient is lost: nowhere if it reaches the beginning. */
function horizonPoint({ verdict: { horizon }, lags }: LayerFlow) {
  return horizon === null || horizon >= lags.length - 1 ? undefined : lags[horizon];
}

function curve(lags: LayerFlow["lags"], px: (lag: number) => number, py: (norm: number) => number): string {
  let [d, drawing] = ["", false];
  for (const { lag, norm } of lags) {
    const there = norm > 0 && norm < Infinity;
    if (there) d += `${drawing ? "L" : "M"}${px(lag)} ${py(norm)}`;
    drawing = there;
  }
  return d;
}

/** Moves labels apart that would lie on each other. */
export function apart<T extends { readonly y: number }>(labels: readonly T[], { top, height }: Box): T[] {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const ys: number[] = [];
  for (const { y } of sorted) ys.push(Math.max(y, (ys.at(-1) ?? top - 15) + 15));
  let limit = top + height;
  for (let i = ys.length - 1; i >= 0; i--) {
    ys[i] = Math.min(ys[i]!, limit);
    limit = ys[i]! - 15;
  }
  return sorted.map((label, i) => ({ ...label, y: ys[i]! }));
}

function inWords({ layer, lags }: LayerFlow): string {
  const [first, last] = [lags[0], lags.at(-1)];
  if (!first || !last) return `layer ${layer + 1}: no steps`;
  return `layer ${layer + 1} from ${figure(first.norm)} at lag 0 to ${figure(last.norm)} at lag ${last.lag}`;
}
