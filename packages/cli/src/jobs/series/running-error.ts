import type { ForecastDetails } from "longspan";
import { type Html, html } from "../../report/html.js";
import { linearScale } from "../../report/scale.js";

const width = 1000;
const height = 170;
/** Of the labels on the left, below, and above. */
const margin = { left: 70, bottom: 24, top: 8 };

/** The mean absolute error by step ahead, beside that of the seasonal naive forecast, as SVG that stands by itself. */
export function runningErrorSvg({ forecast, naive }: ForecastDetails["byStep"]): Html {
  const known = [...forecast, ...naive].filter((value) => value !== null);
  const scale = linearScale(0, Math.max(...known, 0) || 1, 3);
  const steps = forecast.length;
  const round = (number: number) => Math.round(10 * number) / 10;
  const x = (h: number) => round(margin.left + ((width - margin.left - 8) * h) / Math.max(1, steps - 1));
  const at = (position: number) => round(margin.top + (height - margin.top - margin.bottom) * (1 - position));
  const line = (values: readonly (number | null)[]) => {
    let [d, drawing] = ["", false];
    for (const [h, value] of values.entries()) {
      if (value !== null) d += `${drawing ? "L" : "M"}${x(h)} ${at(scale.position(value))}`;
      drawing = value !== null;
    }
    return d;
  };
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The mean absolute error at 1 to ${steps} steps ahead" font-family="system-ui, sans-serif" font-size="12">
${scale.ticks.map(
  (t) =>
    html`<path d="M${margin.left} ${at(t.at)}H${width - 8}" stroke="#8884" fill="none"/><text x="${margin.left - 8}" y="${at(t.at) + 4}" text-anchor="end" fill="#777">${t.text}</text>`,
)}
<path d="${line(naive)}" stroke="#888" stroke-dasharray="1.5 4" stroke-linecap="round" stroke-width="1.6" fill="none"/>
<path d="${line(forecast)}" stroke="#d9730d" stroke-width="2.2" fill="none"/>
<text x="${margin.left}" y="${height - 6}" fill="#777">1 step ahead</text>
<text x="${width - 8}" y="${height - 6}" text-anchor="end" fill="#777">${steps}</text>
</svg>`;
}
