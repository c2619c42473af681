import type { LayerMemory, SequenceMemory } from "longspan";
import { type Box, type Picture, pictureWidth } from "../flow/picture.js";
import { type Html, html } from "../html.js";
import { figure } from "../scale.js";
import { edgeTicks, type HeatMap, heatMap } from "./heat-map.js";
import { decadeShades, shareShades, signedShades } from "./shades.js";
import { shownRows } from "./shown-rows.js";
import { nameOf } from "./slot-names.js";

const [left, between, above, below] = [52, 52, 34, 40] as const;
const half = (pictureWidth - left - between) / 2;

/** A memory over time: for each head its weights and their gradients side by side, for the contents the same, and the paths. */
export function memoryPicture(
  { layer, rows: all, width }: Pick<LayerMemory, "layer" | "rows" | "width">,
  whole: SequenceMemory,
  { number, answered }: { readonly number: number; readonly answered: readonly number[] },
): Picture {
  const { sequence, rows: shown } = shownRows(whole, all, width);
  const { steps, weights, contents, gradients, path } = sequence;
  const rows = shown.length;
  const drawn: Html[] = [];
  let top = 0;
  const pair = (maps: readonly HeatMap[], height: number, edges: (box: Box) => Html) => {
    top += above;
    for (const [k, map] of maps.entries()) {
      const box = { left: left + k * (half + between), top, width: half, height };
      drawn.push(heatMap(map, box), edges(box));
    }
    top += height + below;
  };
  const positions = Math.max(64, Math.min(160, 12 * rows));
  for (const { slot, head, values, gradients: slopes } of weights) {
    const alone = weights.filter((w) => w.slot === slot).length === 1;
    const name = alone ? nameOf(slot) : `${nameOf(slot)} of head ${head + 1}`;
    const shape = { columns: steps, rows };
    pair(
      [
        { title: name, values, ...shape, shades: shareShades },
        { title: `dL/dw(i), ${name}`, values: slopes, ...shape, shades: byDecades(slopes, steps) },
      ],
      positions,
      (box) =>
        html`${edgeTicks(rows, box, "left", "row", shown)}${edgeTicks(steps, box, "below", "step")}${answers(answered, steps, box)}`,
    );
  }
  const cells = { columns: steps, rows: rows * width, block: width };
  pair(
    [
      {
        title: "contents, the numbers of each row",
        values: contents,
        ...cells,
        shades: signedShades(largest(contents), twoDigits),
      },
      { title: "dL/dM", values: gradients, ...cells, shades: byDecades(gradients, steps) },
    ],
    Math.max(96, Math.min(256, 2 * rows * width)),
    (box) =>
      html`${edgeTicks(rows, box, "left", "row", shown)}${edgeTicks(steps, box, "below", "step")}${answers(answered, steps, box)}`,
  );
  if (path) {
    // A row of the picture is a step at which is read: the paths are kept by that step, so they are turned.
    const square = { columns: steps, rows: steps };
    const turned = (values: Float64Array) =>
      Float64Array.from(values, (_, k) => values[(k % steps) * steps + Math.floor(k / steps)]!);
    pair(
      [
        {
          title: "shares of what is read",
          values: turned(path.shares),
          ...square,
          shades: shareShades,
        },
        {
          title: "gradient of what is read",
          values: turned(path.gradients),
          ...square,
          shades: byDecades(path.gradients, steps, false),
        },
      ],
      half,
      (box) =>
        html`${edgeTicks(steps, box, "left", "read at step")}${edgeTicks(steps, box, "below", "written at step")}${answersAtLeft(answered, steps, box)}`,
    );
  }
  return {
    id: `memory-${layer + 1}-${number}`,
    title: `Sequence ${number}`,
    unit: `layer ${layer + 1}, ${steps} steps${rows < all ? `; the ${rows} of ${all} rows that are used` : ""}; orange lines: steps at which an answer is asked for`,
    description: `weights, contents and their gradients at ${steps} steps, of ${rows} rows of ${width}${path ? ", and which writes each read goes back to" : ""}`,
    height: top,
    body: html`${drawn}`,
  };
}

/**
 * Numbers of any size, as many decades below the largest as show what is largest in all but a quarter of the steps.
 * @param values [steps, ...]
 */
function byDecades(values: Float64Array, steps: number, signed = true) {
  const most = largest(values);
  const size = values.length / steps;
  const peaks = Array.from({ length: steps }, (_, t) => largest(values.subarray(t * size, (t + 1) * size), 0))
    .filter((peak) => peak > 0)
    .sort((a, b) => a - b);
  const low = peaks[Math.floor(peaks.length / 4)] ?? most;
  const decades = Math.max(3, Math.min(12, Math.ceil(Math.log10(most / low)) + 2));
  return decadeShades(most, decades, twoDigits, signed);
}

/** The greatest size; `otherwise` where all is zero. */
function largest(values: Float64Array, otherwise = 1): number {
  const found = values.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);
  return found > 0 ? found : otherwise;
}

/** A line along the steps at which the loss asks for an answer. */
function answers(answered: readonly number[], steps: number, { left: x, top, width, height }: Box): Html {
  const d = stretches(answered)
    .map(([a, b]) => `M${x + (a / steps) * width} ${top + height + 2.5}h${((b - a) / steps) * width}`)
    .join("");
  return d === "" ? html`` : html`<path class="answered" d="${d}"/>`;
}

function answersAtLeft(answered: readonly number[], steps: number, { left: x, top, height }: Box): Html {
  const d = stretches(answered)
    .map(([a, b]) => `M${x - 2.5} ${top + (a / steps) * height}v${((b - a) / steps) * height}`)
    .join("");
  return d === "" ? html`` : html`<path class="answered" d="${d}"/>`;
}

/** Runs of whole numbers, as [first, after the last]. */
function stretches(numbers: readonly number[]): [number, number][] {
  const out: [number, number][] = [];
  for (const n of numbers) {
    const last = out.at(-1);
    if (last?.[1] === n) last[1] = n + 1;
    else out.push([n, n + 1]);
  }
  return out;
}

function twoDigits(value: number): string {
  return figure(Number(value.toPrecision(2)));
}
