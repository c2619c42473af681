// The figure: a panel per task, the measure over the seconds of training, a line per seed in the colour of its arm.

import { bestRuns } from "./best-runs.mjs";
import { tasks } from "./tasks.mjs";

const colours = ["#1f5fa8", "#d9701e", "#2b8a4b", "#b5293a"];
const panel = { width: 420, height: 340, left: 60, right: 15, top: 40, bottom: 45 };

export function figure(results, minutes) {
  const best = bestRuns(results, minutes);
  const names = [...new Set(best.map(({ task }) => task))];
  const arms = [...new Set(best.map(({ arm }) => arm))];
  const colourOf = (arm) => colours[arms.indexOf(arm) % colours.length];
  const parts = names.map((task, k) => {
    const own = best.filter((group) => group.task === task);
    return `<g transform="translate(${k * panel.width} 0)">${drawn(task, own, minutes, colourOf)}</g>`;
  });
  const legend = arms.map(
    (arm, k) =>
      `<text x="${panel.left + 200 * k}" y="${panel.height + 15}" fill="${colourOf(arm)}">${arm}</text>`,
  );
  const size = `width="${panel.width * names.length}" height="${panel.height + 30}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>${parts.join("")}${legend.join("")}</svg>\n`;
}

function drawn(task, groups, minutes, colourOf) {
  const { width, height, left, right, top, bottom } = panel;
  const most = Math.max(
    1e-9,
    ...groups.flatMap(({ runs }) => runs.flatMap(({ curve }) => curve.map((p) => p.value))),
  );
  const x = (seconds) => left + ((width - left - right) * seconds) / (60 * minutes);
  const y = (value) => height - bottom - ((height - top - bottom) * value) / most;
  const lines = groups.flatMap(({ arm, runs }) =>
    runs.map(({ curve }) => {
      const points = curve.map((p) => `${x(p.seconds).toFixed(1)},${y(p.value).toFixed(1)}`).join(" ");
      return `<polyline points="${points}" fill="none" stroke="${colourOf(arm)}" stroke-width="1.5"/>`;
    }),
  );
  const axes = `<path d="M${left} ${top}V${height - bottom}H${width - right}" fill="none" stroke="#222"/>`;
  const ticks = [0, 0.5, 1].flatMap((part) => [
    `<text x="${left - 6}" y="${y(part * most) + 4}" text-anchor="end">${Number((part * most).toPrecision(2))}</text>`,
    `<text x="${x(60 * minutes * part)}" y="${height - bottom + 16}" text-anchor="middle">${Number((60 * minutes * part).toPrecision(3))}</text>`,
  ]);
  const titles = [
    `<text x="${left}" y="22" font-size="14" font-weight="bold">${task}: ${tasks[task].measure}</text>`,
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">seconds of training</text>`,
  ];
  return [axes, ...ticks, ...titles, ...lines].join("");
}
