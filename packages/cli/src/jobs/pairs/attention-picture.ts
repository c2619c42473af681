import type { AttendedText } from "longspan";
import { type Html, html } from "../../report/html.js";

/** Of a cell, in units of the picture. */
const size = 20;
/** Characters of a symbol that are shown; the whole of it shows where the pointer rests. */
const mostCharacters = 12;

/**
 * Where a model looked while it wrote a text: a row for each symbol that was written, a column for each of the source, the darker the more
 * weight.
 */
export function attentionSvg({ source, written, weights }: AttendedText): Html {
  const [columns, rows] = [source.map(shown), written.map(shown)];
  const left = 10 + 8 * longest(rows);
  // The end by itself is short enough.
  const upright = longest(source.filter((symbol) => symbol !== null).map(shown)) <= 2;
  const top = upright ? 24 : 10 + 7 * longest(columns);
  const [width, height] = [size * columns.length, size * rows.length];
  const cells = weights.flatMap((row, y) =>
    row.map((weight, x) => {
      const title = `${rows[y]} looks at ${columns[x]}: ${weight.toFixed(2)}`;
      return html`<rect x="${left + size * x}" y="${top + size * y}" width="${size}" height="${size}" fill="var(--training)" fill-opacity="${weight}"><title>${title}</title></rect>`;
    }),
  );
  const above = columns.map((name, k) => {
    const x = left + size * (k + 0.5);
    return upright
      ? html`<text x="${x}" y="${top - 7}" text-anchor="middle">${name}</text>`
      : html`<text transform="translate(${x + 4} ${top - 6}) rotate(-90)">${name}</text>`;
  });
  const beside = rows.map(
    (name, k) =>
      html`<text x="${left - 7}" y="${top + size * (k + 0.5) + 4}" text-anchor="end">${name}</text>`,
  );
  const lines = [
    ...columns.map((_, k) => `M${left + size * k} ${top}v${height}`),
    ...rows.map((_, k) => `M${left} ${top + size * k}h${width}`),
  ].join("");
  const [w, h] = [left + width + 2, top + height + 2];
  return html`<svg class="attention" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-label="where the model looked while it wrote ${rows.slice(0, -1).join(" ")}" font-size="13" fill="currentColor" style="max-width:100%;height:auto;margin:0 28px 18px 0">${above}${beside}${cells}<path class="grid" d="${lines}M${left} ${top}v${height}h${width}v${-height}z"/></svg>`;
}

function shown(symbol: string | null): string {
  if (symbol === null) return "end";
  if (symbol.trim() === "") return "␣";
  const characters = Array.from(symbol);
  return characters.length > mostCharacters ? `${characters.slice(0, mostCharacters - 1).join("")}…` : symbol;
}

/** Characters of the longest name. */
function longest(names: readonly string[]): number {
  return names.reduce((most, name) => Math.max(most, name.length), 0);
}
