import { checkSettings, optional, size, text } from "../check/index.js";
import { checkMatrix, eigenvalues, powerNorms } from "../linear-algebra/index.js";
import { marksBetween, power } from "./logarithmic-axis.js";
import { round } from "./paths.js";
import { svgFile } from "./svg.js";

/** Settings of `drawPowers`. */
export interface DrawPowersOptions {
  /** The largest t; 50 by default. */
  readonly steps?: number;
  /** The title, for those who do not see the picture. */
  readonly title?: string;
}

const [side, gap, top, foot] = [250, 70, 34, 34];

/**
 * What a recurrent matrix does to a state over time (section 10.7): its eigenvalues in the complex plane with the unit circle, and beside
 * them |W^t| against t with the spectral radius to the power t, dashed. Where the first curve rises above the second, W is not normal: a state
 * can grow for some steps although the radius is below one.
 *
 * @param a the n x n entries, row by row, such as those of a model's W; of a gated cell, those of one gate,
 * `slice(W, 1, 0, hidden)`
 * @param n the number of rows
 * @returns an SVG file
 * @throws ShapeError if the numbers are not n x n, RangeError if one is not finite
 * @see `schur`, `eigenpairs`, `powerNorms`
 * @example
 * const { W } = rnn({ input: 3, hidden: 8 }).init(Key.of(1));
 * const svg = drawPowers(onCpu(W).toArray(), 8, { steps: 40 }); // orthogonal: eigenvalues on the circle, |W^t| = 1
 */
export function drawPowers(a: ArrayLike<number>, n: number, options?: DrawPowersOptions): string {
  const { steps = 50, title = "powers of a matrix" } = checkSettings<DrawPowersOptions>(
    "drawPowers",
    options,
    {
      steps: optional(size),
      title: optional(text),
    },
  );
  checkMatrix("drawPowers", a, n, n);
  const values = eigenvalues(a, n);
  const norms = powerNorms(a, n, steps);
  const radius = Math.hypot(values.re[0]!, values.im[0]!);
  const width = 2 * side + 3 * gap - 60;
  return svgFile(
    { width, height: side + top + foot, title },
    `${plane(values.re, values.im, radius)}${curves(norms, radius)}`,
  );
}

/** The eigenvalues, with the unit circle and axes. */
function plane(re: Float64Array, im: Float64Array, radius: number): string {
  const [cx, cy] = [gap / 2 + side / 2, top + side / 2];
  const unit = side / 2 / (Math.max(1, radius) * 1.12);
  const points = Array.from(re, (x, i) => `M${round(cx + unit * x)} ${round(cy - unit * im[i]!)}h.01`).join(
    "",
  );
  const r = round(unit);
  return `<text class="port" x="${round(cx)}" y="${top - 14}">eigenvalues; |λ| ≤ ${figure(radius)}</text>
<path class="rule" d="M${round(cx - side / 2)} ${cy}h${side}M${round(cx)} ${top}v${side}"/>
<path class="line once" d="M${round(cx - unit)} ${cy}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0"/>
<path class="values" d="${points}"/>
<text class="port" x="${round(cx + unit + 8)}" y="${cy + 14}">1</text>
`;
}

/** |W^t| and radius^t, on a logarithmic axis. */
function curves(norms: Float64Array, radius: number): string {
  const steps = norms.length - 1;
  const left = side + 2 * gap - 20;
  const logs = Array.from(norms, (x) => (x > 0 && Number.isFinite(x) ? Math.log10(x) : null));
  const slope = radius > 0 ? Math.log10(radius) : null;
  const known = [...logs.filter((x) => x !== null), 0, ...(slope === null ? [] : [slope * steps])];
  const [low, high] = [
    Math.floor(Math.min(...known)),
    Math.max(Math.ceil(Math.max(...known)), Math.floor(Math.min(...known)) + 1),
  ];
  const px = (t: number) => round(left + (side * t) / steps);
  const py = (log: number) => round(top + side - (side * (log - low)) / (high - low));
  const marks = marksBetween(low, high);
  let path = "";
  let drawing = false;
  logs.forEach((log, t) => {
    if (log !== null) path += `${drawing ? "L" : "M"}${px(t)} ${py(log)}`;
    drawing = log !== null;
  });
  return `<text class="port" x="${round(left + side / 2)}" y="${top - 14}">|Wᵗ| against t; dashed: |λ|ᵗ</text>
<path class="rule" d="${marks.map((m) => `M${left} ${py(m)}h${side}`).join("")}"/>
${marks.map((m) => `<text class="port mark" x="${left - 6}" y="${round(py(m) + 4)}">${power(m)}</text>`).join("")}
${slope === null ? "" : `<path class="line once" d="M${px(0)} ${py(0)}L${px(steps)} ${py(slope * steps)}"/>`}
<path class="line state" d="${path}"/>
<text class="port" x="${px(0)}" y="${top + side + 18}">0</text><text class="port" x="${px(steps)}" y="${top + side + 18}">${steps}</text>
`;
}

function figure(x: number): string {
  return `${Number(x.toPrecision(3))}`;
}
