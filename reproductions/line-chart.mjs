// Figures of lines, as SVG: panels side by side, a line per series in the colour of its name, and a legend below.

const colours = ["#1f5fa8", "#d9701e", "#2b8a4b", "#b5293a", "#7a4fa3", "#777777", "#b8860b"];
const panel = { width: 420, height: 340, left: 60, right: 20, top: 40, bottom: 45 };

/**
 * @param panels each { title, across, ticks, up, lines }: across is the name of the axis, ticks are its numbers, from first to last,
 * up the greatest value, or powers the least and the greatest power of ten where values are drawn by their logarithm, lines are { name, points: [x, y] pairs, dots: whether points are marked }
 */
export function lineChart(panels) {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const colourOf = (name) => colours[names.indexOf(name) % colours.length];
  const drawn = panels.map(
    (p, k) => `<g transform="translate(${k * panel.width} 0)">${onePanel(p, colourOf)}</g>`,
  );
  const legend = names.map((name, k) => {
    const [x, y] = [
      panel.left + (panels.length > 1 ? 260 : 170) * (k % 2),
      panel.height + 14 + 18 * (k >> 1),
    ];
    return `<rect x="${x}" y="${y - 6}" width="16" height="4" fill="${colourOf(name)}"/><text x="${x + 22}" y="${y}">${escaped(name)}</text>`;
  });
  const height = panel.height + 24 + 18 * ((names.length - 1) >> 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${panel.width * panels.length}" height="${height}" font-family="sans-serif" font-size="12" fill="#222"><title>${escaped(panels.map(({ title }) => title).join("; "))}</title><rect width="100%" height="100%" fill="white"/>${drawn.join("")}${legend.join("")}</svg>\n`;
}

function onePanel({ title, across, ticks, up, powers, lines }, colourOf) {
  const { width, height, left, right, top, bottom } = panel;
  const furthest = lines.flatMap(({ points }) => points.map(([a]) => a));
  const [first, last] = [ticks[0], Math.max(ticks.at(-1), ...furthest)];
  const x = (value) => left + ((width - left - right) * (value - first)) / (last - first || 1);
  const share = powers
    ? (value) => (Math.log10(value) - powers[0]) / (powers[1] - powers[0])
    : (value) => value / up;
  const y = (value) => height - bottom - (height - top - bottom) * share(value);
  const marks = powers
    ? [powers[0], (powers[0] + powers[1]) / 2, powers[1]].map((power) => [10 ** power, `1e${power}`])
    : [0, 0.5, 1].map((part) => [part * up, Number((part * up).toPrecision(2))]);
  const place = ([a, b]) => [x(a).toFixed(1), y(b).toFixed(1)];
  const curves = lines.flatMap(({ name, points, dots }) => [
    `<polyline points="${points.map((p) => place(p).join()).join(" ")}" fill="none" stroke="${colourOf(name)}" stroke-width="1.5"/>`,
    ...(dots ? points.map(place) : []).map(
      ([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colourOf(name)}"/>`,
    ),
  ]);
  return [
    `<path d="M${left} ${top}V${height - bottom}H${width - right}" fill="none" stroke="#222"/>`,
    ...marks.map(([at, text]) => `<text x="${left - 6}" y="${y(at) + 4}" text-anchor="end">${text}</text>`),
    ...ticks.map(
      (tick) => `<text x="${x(tick)}" y="${height - bottom + 16}" text-anchor="middle">${tick}</text>`,
    ),
    `<text x="${left}" y="22" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${escaped(across)}</text>`,
    ...curves,
  ].join("");
}

/** Text that may stand in SVG. */
export function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
