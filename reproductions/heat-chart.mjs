// Figures of numbers from 0 to 1 as squares, as SVG: the darker the greater. Panels in rows.

import { escaped } from "./line-chart.mjs";

const [gap, left, top, bottom] = [34, 46, 34, 36];

/**
 * @param rows of panels, each { title, across, down, values, side }: values is a list of columns, each a list from top to bottom; across and
 * down name the axes; side is the width and height of a square, or [width, height]
 * @param heading what is written over each row, or nothing
 */
export function heatChart(rows, heading = () => "") {
  let y = 8;
  let width = 0;
  const drawn = rows.map((panels, r) => {
    const head = heading(r) === "" ? 0 : 26;
    let x = 0;
    let height = 0;
    const own = panels.map((panel) => {
      const [w, h] = sizeOf(panel);
      const at = `<g transform="translate(${x} ${head})">${onePanel(panel, w, h)}</g>`;
      x += left + w + gap;
      height = Math.max(height, top + h + bottom);
      return at;
    });
    const at = `<g transform="translate(0 ${y})">${head === 0 ? "" : `<text x="12" y="18" font-size="15" font-weight="bold">${escaped(heading(r))}</text>`}${own.join("")}</g>`;
    y += head + height + 6;
    width = Math.max(width, x);
    return at;
  });
  const titles = rows
    .flatMap((panels, r) => [heading(r), ...panels.map(({ title }) => title)])
    .filter(Boolean);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="sans-serif" font-size="12" fill="#222"><title>${escaped(titles.join("; "))}</title><rect width="100%" height="100%" fill="white"/>${drawn.join("")}</svg>\n`;
}

function sizeOf({ values, side }) {
  const [w, h] = [side].flat();
  return [w * values.length, (h ?? w) * values[0].length];
}

function onePanel({ title, across, down, values, side }, width, height) {
  const [w, h] = [[side].flat()[0], [side].flat().at(-1)];
  const squares = values.flatMap((column, t) =>
    Array.from(column, (value, i) =>
      value < 0.01
        ? ""
        : `<rect x="${left + w * t}" y="${top + h * i}" width="${w}" height="${h}" fill="${shade(Math.min(1, value))}"/>`,
    ),
  );
  const ticks = (count) => [0, Math.floor((count - 1) / 2), count - 1];
  return [
    `<text x="${left}" y="${top - 10}">${escaped(title)}</text>`,
    ...squares,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="none" stroke="#999"/>`,
    ...ticks(values.length).map(
      (t) => `<text x="${left + w * (t + 0.5)}" y="${top + height + 15}" text-anchor="middle">${t}</text>`,
    ),
    ...ticks(values[0].length).map(
      (i) => `<text x="${left - 6}" y="${top + h * (i + 0.5) + 4}" text-anchor="end">${i}</text>`,
    ),
    `<text x="${left + width / 2}" y="${top + height + 30}" text-anchor="middle">${escaped(across)}</text>`,
    `<text transform="translate(${left - 30} ${top + height / 2}) rotate(-90)" text-anchor="middle">${escaped(down)}</text>`,
  ].join("");
}

/** From white over blue to nearly black. */
const stops = [
  [255, 255, 255],
  [190, 215, 226],
  [84, 142, 188],
  [47, 74, 140],
  [30, 18, 58],
];

function shade(value) {
  const at = value * (stops.length - 1);
  const k = Math.min(stops.length - 2, Math.floor(at));
  const mixed = stops[k].map((v, i) => Math.round(v + (stops[k + 1][i] - v) * (at - k)));
  return `#${mixed.map((v) => v.toString(16).padStart(2, "0")).join("")}`;
}
