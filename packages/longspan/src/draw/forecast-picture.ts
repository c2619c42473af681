import { check, checkSettings, finitePositive, numbers, optional, text } from "../check/index.js";
import { ShapeError } from "../tensor/index.js";
import { marksBetween, power } from "./logarithmic-axis.js";
import { round } from "./paths.js";
import { escaped, svgFile } from "./svg.js";

/** Settings of `drawForecast`. */
export interface DrawForecastOptions {
  /** The time between two steps, for the axis; 1 by default. */
  readonly step?: number;
  /** The words below the axis; "step" by default. */
  readonly across?: string;
  /** The title, for those who do not see the picture. */
  readonly title?: string;
}

const [left, right, top, high, gap, errorHigh, foot] = [52, 20, 30, 150, 34, 110, 44];
const wide = 640;

/**
 * A series and how a net goes on with it, running free: the truth with the forecast dashed over it, and below, on a logarithmic axis, the running error
 * |forecast - truth|. The forecast is of the last steps of the series; a line marks where it begins.
 *
 * In a chaotic series the logarithm of the error rises along a line, whose slope is the largest Lyapunov exponent, until the two have nothing in common.
 *
 * @param truth the series
 * @param forecast its last numbers as they were forecast, not more than the series has; what is not finite is left out
 * @returns an SVG file
 * @throws ShapeError if the forecast is empty or longer than the truth; RangeError naming the first number of the truth that is not finite
 * @example
 * const truth = mackeyGlass({ length: 200 });
 * const svg = drawForecast(truth, truth.slice(100).map((y, t) => y + 1e-4 * 1.05 ** t));
 */
export function drawForecast(
  truth: ArrayLike<number>,
  forecast: ArrayLike<number>,
  options?: DrawForecastOptions,
): string {
  check("drawForecast", "truth", truth, numbers);
  check("drawForecast", "forecast", forecast, numbers);
  const {
    step = 1,
    across = "step",
    title = "a series, its forecast, and the error of it",
  } = checkSettings("drawForecast", options, {
    step: optional(finitePositive),
    across: optional(text),
    title: optional(text),
  });
  if (forecast.length === 0 || forecast.length > truth.length)
    throw new ShapeError(
      `drawForecast: the forecast has ${forecast.length} numbers for a series of ${truth.length}; it is of the last steps of the series, at least one`,
    );
  const series = Array.from(truth);
  const odd = series.findIndex((x) => !Number.isFinite(x));
  if (odd >= 0)
    throw new RangeError(
      `drawForecast: truth[${odd}] is ${String(series[odd])}; every number must be finite`,
    );
  const start = truth.length - forecast.length;
  const steps = Math.max(1, truth.length - 1);
  const x = (t: number) => round(left + ((wide - left - right) * t) / steps);
  const foretold = Array.from(forecast);
  const errors = foretold.map((y, i) => Math.abs(y - series[start + i]!));
  const below = top + high + gap;
  const bottom = below + errorHigh;
  const labels = `<text class="port" x="${x(0)}" y="${bottom + 16}">${-start * step}</text>
<text class="port" x="${x(start)}" y="${bottom + 16}">0</text>
<text class="port" x="${x(steps)}" y="${bottom + 16}">${Number(((forecast.length - 1) * step).toPrecision(6))}</text>`;
  return svgFile(
    { width: wide, height: bottom + foot, title },
    `<text class="port" x="${wide / 2}" y="${top - 14}">the series; dashed: running free</text>
<path class="rule" d="M${x(start)} ${top}V${bottom}"/>
${curves(series, foretold, start, x)}${errorCurve(errors, start, x, below)}${start > 0 ? labels : labels.split("\n").slice(1).join("\n")}
<text class="port" x="${wide / 2}" y="${bottom + 34}">${escaped(across)}</text>
`,
  );
}

/** The truth, and the forecast dashed; a forecast that runs away is cut at a margin around the truth. */
function curves(
  series: readonly number[],
  foretold: readonly number[],
  start: number,
  x: (t: number) => number,
): string {
  const [least, most] = [Math.min(...series), Math.max(...series)];
  const margin = 0.15 * (most - least) || 1;
  const [low, upper] = [least - margin, most + margin];
  const y = (value: number) =>
    round(top + (high * (upper - Math.min(upper, Math.max(low, value)))) / (upper - low));
  const marks = [least, most].map(
    (value) =>
      `<text class="port mark" x="${left - 6}" y="${round(y(value) + 4)}">${Number(value.toPrecision(2))}</text>`,
  );
  return `<path class="rule" d="M${left} ${y(least)}H${wide - right}M${left} ${y(most)}H${wide - right}"/>
${marks.join("")}
<path class="line" d="${line(series.map((value, t) => [x(t), y(value)]))}"/>
<path class="line once" d="${line(foretold.map((value, i) => (Number.isFinite(value) ? [x(start + i), y(value)] : null)))}"/>
`;
}

/** The logarithm of the error, from the first step of the forecast. */
function errorCurve(
  errors: readonly number[],
  start: number,
  x: (t: number) => number,
  below: number,
): string {
  const logs = errors.map((error) => (error > 0 && Number.isFinite(error) ? Math.log10(error) : null));
  const known = logs.filter((log) => log !== null);
  const low = Math.floor(Math.min(0, ...known));
  const most = Math.max(low + 1, Math.ceil(Math.max(low, ...known)));
  const y = (log: number) => round(below + (errorHigh * (most - log)) / (most - low));
  const marks = marksBetween(low, most);
  return `<text class="port" x="${wide / 2}" y="${below - 10}">|error| of the free run</text>
<path class="rule" d="${marks.map((mark) => `M${left} ${y(mark)}H${wide - right}`).join("")}"/>
${marks.map((mark) => `<text class="port mark" x="${left - 6}" y="${round(y(mark) + 4)}">${power(mark)}</text>`).join("")}
<path class="line state" d="${line(logs.map((log, i) => (log === null ? null : [x(start + i), y(log)])))}"/>
`;
}

/** A path through points, broken where there is none. */
function line(points: readonly (readonly number[] | null)[]): string {
  let path = "";
  let drawing = false;
  for (const point of points) {
    if (point !== null) path += `${drawing ? "L" : "M"}${point[0]} ${point[1]}`;
    drawing = point !== null;
  }
  return path;
}
