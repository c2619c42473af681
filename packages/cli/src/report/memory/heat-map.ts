import { type Box, round } from "../flow/picture.js";
import { type Html, html } from "../html.js";
import type { Shades } from "./shades.js";

/** Numbers that are drawn as colours: a column for each step, a row for each place. */
export interface HeatMap {
  /** What is drawn, over it. */
  readonly title: string;
  readonly columns: number;
  readonly rows: number;
  /** [columns, rows] */
  readonly values: Float64Array;
  readonly shades: Shades;
  /** A line between blocks of so many rows. */
  readonly block?: number;
}

/** Columns and rows at most; of a longer sequence or a larger memory several share one, and the largest number shows. */
const most = { columns: 240, rows: 200 };

/** A heat map in a box, with its title and the legend of its colours over it. */
export function heatMap(map: HeatMap, { left, top, width, height }: Box): Html {
  const { title, shades, block } = map;
  const { columns, rows, values } = shrunk(map);
  const [w, h] = [width / Math.max(1, columns), height / Math.max(1, rows)];
  const drawn: Html[] = [];
  for (let i = 0; i < rows; i++) {
    let from = 0;
    for (let t = 1; t <= columns; t++) {
      const colour = shades.colourOf(values[from * rows + i]!);
      if (t < columns && shades.colourOf(values[t * rows + i]!) === colour) continue;
      if (colour !== null)
        drawn.push(
          html`<rect x="${round(left + from * w)}" y="${round(top + i * h)}" width="${round((t - from) * w + 0.1)}" height="${round(h + 0.1)}" fill="${colour}"/>`,
        );
      from = t;
    }
  }
  const lines =
    block === undefined || rows !== map.rows
      ? ""
      : Array.from(
          { length: rows / block - 1 },
          (_, k) => `M${left} ${round(top + (k + 1) * block * h)}h${width}`,
        ).join("");
  return html`<text class="name" x="${left}" y="${top - 8}">${title}</text>${legend(shades, left + width, top - 18)}
<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="#fff"/>
${drawn}${lines === "" ? null : html`<path class="grid" d="${lines}"/>`}<path class="frame" d="M${left} ${top}h${width}v${height}h${-width}z"/>`;
}

/** The numbers of steps or places along an edge: below it, or at its left. @param names the number of each, if not its place */
export function edgeTicks(
  count: number,
  { left, top, width, height }: Box,
  edge: "below" | "left",
  name: string,
  names?: readonly number[],
): Html {
  const whole = Array.from({ length: count }, (_, i) => i);
  // Numbers do not touch.
  const every = (edge === "below" ? 36 : 16) / ((edge === "below" ? width : height) / count);
  const nice = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step >= every) ?? Math.ceil(every);
  const ticks = whole
    .filter((i) => i % nice === 0)
    .map((i) => ({ at: (i + 0.5) / count, text: names?.[i] ?? i }));
  if (edge === "below")
    return html`${ticks.map((t) => html`<text class="x" x="${round(left + width * t.at)}" y="${top + height + 16}">${t.text}</text>`)}
<text class="x" x="${left + width / 2}" y="${top + height + 32}">${name}</text>`;
  return html`${ticks.map((t) => html`<text class="y" x="${left - 6}" y="${round(top + height * t.at + 4)}">${t.text}</text>`)}
<text class="x" transform="translate(${left - 36} ${top + height / 2}) rotate(-90)">${name}</text>`;
}

function legend({ legend: { low, high, colours } }: Shades, right: number, top: number): Html {
  const width = 64;
  const from = right - width - 7 * high.length - 6;
  const piece = width / colours.length;
  return html`<text class="y" x="${from - 5}" y="${top + 10}">${low}</text>${colours.map(
    (colour, k) =>
      html`<rect x="${round(from + k * piece)}" y="${top + 1}" width="${round(piece + 0.1)}" height="9" fill="${colour}"/>`,
  )}<text x="${from + width + 5}" y="${top + 10}">${high}</text>`;
}

/** What is drawn: of columns and rows that share one, the number of the greatest size. */
function shrunk({ columns, rows, values }: HeatMap): Pick<HeatMap, "columns" | "rows" | "values"> {
  const [wide, tall] = [Math.min(columns, most.columns), Math.min(rows, most.rows)];
  if (wide === columns && tall === rows) return { columns, rows, values };
  const out = new Float64Array(wide * tall);
  for (let t = 0; t < columns; t++)
    for (let i = 0; i < rows; i++) {
      const at = Math.floor((t * wide) / columns) * tall + Math.floor((i * tall) / rows);
      const value = values[t * rows + i]!;
      if (Math.abs(value) > Math.abs(out[at]!)) out[at] = value;
    }
  return { columns: wide, rows: tall, values: out };
}
