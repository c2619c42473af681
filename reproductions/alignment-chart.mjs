// Figures of alignments, as SVG: a square per step of what was written (across) and member of the source (down), the darker the more weight.

import { escaped } from "./line-chart.mjs";

const [side, left, top, blue] = [22, 70, 70, "#1f5fa8"];

/**
 * @param panels each { title, source, written, weights }: names of the members and of the steps, and a row of weights per step, as
 * `alignments` gives them
 */
export function alignmentChart(panels) {
  const widths = panels.map(
    ({ title, written }) => Math.max(left + side * written.length, 8 * title.length) + 30,
  );
  const height = top + side * Math.max(...panels.map(({ source }) => source.length)) + 20;
  let x = 0;
  const drawn = panels.map((panel, i) => {
    const at = x;
    x += widths[i];
    return `<g transform="translate(${at} 0)">${onePanel(panel)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${x}" height="${height}" font-family="sans-serif" font-size="12" fill="#222"><title>${escaped(panels.map(({ title }) => title).join("; "))}</title><rect width="100%" height="100%" fill="white"/>${drawn.join("")}</svg>\n`;
}

function onePanel({ title, source, written, weights }) {
  const squares = weights.flatMap((row, t) =>
    Array.from(row, (weight, m) =>
      weight < 0.01
        ? ""
        : `<rect x="${left + side * t}" y="${top + side * m}" width="${side}" height="${side}" fill="${blue}" fill-opacity="${weight.toFixed(2)}"/>`,
    ),
  );
  return [
    `<text x="12" y="22" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    `<rect x="${left}" y="${top}" width="${side * written.length}" height="${side * source.length}" fill="none" stroke="#bbb"/>`,
    ...squares,
    ...written.map(
      (name, t) =>
        `<text x="${left + side * (t + 0.5)}" y="${top - 8}" text-anchor="middle">${escaped(name)}</text>`,
    ),
    ...source.map(
      (name, m) =>
        `<text x="${left - 8}" y="${top + side * (m + 0.5) + 4}" text-anchor="end">${escaped(name)}</text>`,
    ),
  ].join("");
}
