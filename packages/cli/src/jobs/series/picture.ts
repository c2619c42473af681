import type { ForecastPicture } from "longspan";
import { type Html, html } from "../../report/html.js";
import { linearScale } from "../../report/scale.js";

const width = 1000;
const height = 260;
/** Of the labels on the left, below, and above. */
const margin = { left: 70, bottom: 24, top: 8 };

/** A forecast with its quantiles, what came before it, and what came, as SVG that stands by itself. */
export function forecastSvg({ id, times, before, actual, quantiles, naive }: ForecastPicture): Html {
  const known = [...before, ...actual, ...naive, ...quantiles.flat()].filter((value) => value !== null);
  const scale = linearScale(Math.min(...known), Math.max(...known), 4);
  const steps = before.length + quantiles.length;
  const x = (step: number) =>
    round(margin.left + ((width - margin.left - 8) * step) / Math.max(1, steps - 1));
  const y = (value: number) =>
    round(margin.top + (height - margin.top - margin.bottom) * (1 - scale.position(value)));
  const line = (values: readonly (number | null)[], from: number) => {
    let [d, drawing] = ["", false];
    for (const [k, value] of values.entries()) {
      if (value !== null) d += `${drawing ? "L" : "M"}${x(from + k)} ${y(value)}`;
      drawing = value !== null;
    }
    return d;
  };
  const origin = before.length;
  const middle = Math.floor(quantiles[0]!.length / 2);
  const last = before.at(-1) ?? null;
  /** From the last known value on, so that nothing begins in the air. */
  const from = (values: readonly (number | null)[]) =>
    last === null ? line(values, origin) : line([last, ...values], origin - 1);
  const bands = Array.from({ length: middle }, (_, k) => {
    const lower = quantiles.map((at) => at[k]!);
    const upper = quantiles.map((at) => at[at.length - 1 - k]!);
    const points = [
      ...upper.map((value, h) => `${x(origin + h)} ${y(value)}`),
      ...lower.map((value, h) => `${x(origin + h)} ${y(value)}`).reverse(),
    ];
    const start = last === null ? "" : `${x(origin - 1)} ${y(last)}L`;
    return `M${start}${points.join("L")}Z`;
  });
  const label = `${id === "" ? "The series" : id} from ${times[0]} to ${times[2]}: known, forecast from ${times[1]} on, and what came`;
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}" font-family="system-ui, sans-serif" font-size="12">
${scale.ticks.map(
  (t) =>
    html`<path d="M${margin.left} ${round(tickY(t.at))}H${width - 8}" stroke="#8884" fill="none"/><text x="${margin.left - 8}" y="${round(tickY(t.at)) + 4}" text-anchor="end" fill="#777">${t.text}</text>`,
)}
${bands.map((d) => html`<path d="${d}" fill="#d9730d" fill-opacity="0.14"/>`)}
<path d="M${x(origin - 1)} ${margin.top}V${height - margin.bottom}" stroke="#8888" stroke-dasharray="2 4" fill="none"/>
<path d="${from(naive)}" stroke="#888" stroke-dasharray="1.5 4" stroke-linecap="round" stroke-width="1.6" fill="none"/>
<path d="${line(before, 0)}" stroke="#3b6ea8" stroke-width="1.8" fill="none"/>
<path d="${from(actual)}" stroke="#3b6ea8" stroke-width="1.8" fill="none"/>
<path d="${from(quantiles.map((at) => at[middle]!))}" stroke="#d9730d" stroke-width="2.2" fill="none"/>
<text x="${margin.left}" y="${height - 6}" fill="#777">${times[0]}</text>
<text x="${x(origin)}" y="${height - 6}" text-anchor="middle" fill="#777">${times[1]}</text>
<text x="${width - 8}" y="${height - 6}" text-anchor="end" fill="#777">${times[2]}</text>
</svg>`;

  function tickY(at: number): number {
    return margin.top + (height - margin.top - margin.bottom) * (1 - at);
  }
}

function round(number: number): number {
  return Math.round(10 * number) / 10;
}
