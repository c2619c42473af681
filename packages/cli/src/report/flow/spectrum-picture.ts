import type { FlowReport, LayerFlow } from "longspan";
import { type Html, html } from "../html.js";
import { figure } from "../scale.js";
import { panels } from "./panels.js";
import { type Box, layerLook, type Picture, round } from "./picture.js";

/** Eigenvalues of dh(t)/dh(t-1) in the complex plane, of all steps that were looked at, with the unit circle. */
export function spectrumPicture({ layers }: FlowReport): Picture {
  const radius = Math.max(1, ...layers.map(largestRadius)) * 1.12;
  const { boxes, height } = panels(layers.length, { columns: 3, height: 264, above: 22, below: 40 });
  return {
    id: "spectrum",
    title: "Eigenvalues of one step",
    unit: "of dh(t)/dh(t-1), in the complex plane; dashed: the unit circle",
    description: layers.map((l) => `layer ${l.layer + 1}: ${radiusInWords(l)}`).join("; "),
    height,
    body: html`${layers.map((layer, k) => panel(layer, boxes[k]!, radius))}`,
  };
}

/** `spectral radius 0.93 to 0.97 at 8 steps` */
export function radiusInWords({ jacobians, stateSize }: LayerFlow): string {
  if (jacobians.length === 0) return `no Jacobians of ${stateSize} x ${stateSize} were formed`;
  const radii = jacobians.map((j) => j.spectralRadius);
  const [low, high] = [figure(Math.min(...radii)), figure(Math.max(...radii))];
  const range = low === high ? low : `${low} to ${high}`;
  return `spectral radius ${range} at ${radii.length === 1 ? "1 step" : `${radii.length} steps`}`;
}

function largestRadius({ jacobians }: LayerFlow): number {
  return jacobians.reduce(
    (most, j) => (Number.isFinite(j.spectralRadius) ? Math.max(most, j.spectralRadius) : most),
    0,
  );
}

function panel(layer: LayerFlow, { left, top, width, height }: Box, radius: number): Html {
  const size = Math.min(width, height);
  const [cx, cy, unit] = [left + width / 2, top + height / 2, size / 2 / radius];
  const points: string[] = [];
  for (const { eigenvalues } of layer.jacobians)
    eigenvalues.re.forEach((re, i) => {
      const im = eigenvalues.im[i]!;
      if (Number.isFinite(re) && Number.isFinite(im))
        points.push(`M${round(cx + unit * re)} ${round(cy - unit * im)}h0.01`);
    });
  const r = round(unit);
  return html`<text class="name" x="${left}" y="${top - 8}">layer ${layer.layer + 1} (${layer.cell})</text>
<path class="grid" d="M${round(cx - size / 2)} ${cy}h${round(size)}M${cx} ${round(cy - size / 2)}v${round(size)}"/>
<path class="circle" d="M${round(cx - unit)} ${cy}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0"/>
<path class="values ${layerLook(layer.layer)}" d="${[...new Set(points)].join("")}"/>
<text x="${round(cx + unit + 5)}" y="${cy + 15}">1</text>
<text x="${left}" y="${top + height + 18}">${radiusInWords(layer)}</text>`;
}
