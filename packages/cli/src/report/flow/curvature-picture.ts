import type { CurvatureReport, LayerCurvature } from "longspan";
import { type Html, html } from "../html.js";
import { figure, linearScale, logScale } from "../scale.js";
import { apart } from "./lags-picture.js";
import { axes, type Box, type Picture, pictureWidth, placing } from "./picture.js";

type Lag = LayerCurvature["lags"][number];

/** What is drawn, with the look of its curve. */
const curves: readonly { name: string; look: string; of: (l: Lag) => number }[] = [
  { name: "|g|", look: "layer-0", of: (l) => l.gradient },
  { name: "|H|", look: "layer-1", of: (l) => Math.abs(l.own?.hessian ?? 0) },
  { name: "G", look: "layer-2", of: (l) => l.own?.gaussNewton ?? 0 },
  {
    name: "|H| / |g|",
    look: "layer-3",
    of: (l) => (l.gradient > 0 ? Math.abs(l.own?.hessian ?? 0) / l.gradient : 0),
  },
];

/** Gradient and curvature along it against the distance from the loss, on a log axis: a panel per layer. */
export function curvaturePicture({ layers }: CurvatureReport): Picture {
  const height = 260;
  const [head, gap] = [22, 52];
  return {
    id: "curvature",
    title: "Curvature by lag",
    unit: "of the weights as used lag steps before the loss; H: g'Hg/g'g, G: g'Gg/g'g (Gauss-Newton)",
    description: layers.map((l) => `layer ${l.layer + 1}: ${l.verdict.words}`).join("; "),
    height: layers.length * (head + height + gap),
    body: html`${layers.map((layer, k) => {
      const top = k * (head + height + gap) + head;
      return panel(layer, { left: 64, top, width: pictureWidth - 64 - 110, height });
    })}`,
  };
}

function panel({ layer, cell, lags }: LayerCurvature, box: Box): Html {
  const points = curves.map(({ of }) =>
    lags.map((l) => ({ lag: l.lag, value: of(l) })).filter(({ value }) => value > 0 && value < Infinity),
  );
  const values = points.flat().map(({ value }) => value);
  const low = values.reduce((a, b) => Math.min(a, b), values[0] ?? 1);
  const high = values.reduce((a, b) => Math.max(a, b), values[0] ?? 1);
  const [x, y] = [linearScale(0, lags.at(-1)?.lag || 1, 8), logScale(low / 1.5, high * 1.5, 6)];
  const { px, py } = placing(box, x, y);
  const ends = apart(
    points.flatMap((list, k) => {
      const end = list.at(-1);
      return end ? [{ ...curves[k]!, value: end.value, y: py(end.value) }] : [];
    }),
    box,
  );
  return html`<text class="name" x="${box.left}" y="${box.top - 8}">layer ${layer + 1} (${cell})</text>
${axes(box, x, y, "lag")}
${points.map((list, k) => html`<path class="curve ${curves[k]!.look}" d="${list.map(({ lag, value }, i) => `${i === 0 ? "M" : "L"}${px(lag)} ${py(value)}`).join("")}"/>`)}
${ends.map((end) => html`<text class="${end.look}" x="${box.left + box.width + 8}" y="${end.y + 4}">${end.name} ${figure(Number(end.value.toPrecision(2)))}</text>`)}`;
}
