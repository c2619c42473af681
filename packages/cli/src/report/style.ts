import { Html } from "./html.js";

/** Colours on paper and on a bright screen, by what they are for. */
export const light = {
  page: "#fff",
  ink: "#1c1f23",
  soft: "#62676f",
  hair: "#e4e6e9",
  axis: "#b9bec5",
  training: "#2f6096",
  raw: "#c3d5e6",
  darker: "#93b3d2",
  valid: "#c8501e",
  plain: "#545a63",
  skipped: "#8a5aa8",
  random: "#b0307a",
} as const;

/** A colour by its use. */
export type Colour = keyof typeof light;

const dark: Readonly<Record<Colour, string>> = {
  page: "#16181b",
  ink: "#e7e9ec",
  soft: "#9aa1aa",
  hair: "#2a2e33",
  axis: "#4a5058",
  training: "#8cbcea",
  raw: "#2d445b",
  darker: "#44678a",
  valid: "#f08a52",
  plain: "#b3bac3",
  skipped: "#c39ae0",
  random: "#ec7fba",
};

function variables(colours: Readonly<Record<Colour, string>>): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}: ${value};`)
    .join(" ");
}

/** The style sheet of the report: system fonts, one accent per kind of curve, light and dark. */
export const style = new Html(`
:root { ${variables(light)} }
@media screen and (prefers-color-scheme: dark) {
  :root { ${variables(dark)} }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
main { max-width: 860px; margin: 0 auto; padding: 40px 24px 32px; }
header { margin-bottom: 28px; }
.kicker { margin: 0; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
h1 { margin: 2px 0 8px; font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 12px; font-size: 18px; }
.lead { margin: 0; max-width: 62ch; font-size: 17px; }
.figures { display: grid; grid-template-columns: repeat(var(--wide), minmax(0, 1fr)); gap: 16px 20px; margin: 0 0 36px; padding: 16px 0; border-top: 1px solid var(--ink); border-bottom: 1px solid var(--hair); }
.figures dt { color: var(--soft); font-size: 12.5px; line-height: 1.35; }
.figures dd { margin: 0; font-size: 12.5px; line-height: 1.35; color: var(--soft); }
.figures b { display: block; color: var(--ink); font-size: 21px; font-weight: 600; line-height: 1.35; white-space: nowrap; font-variant-numeric: tabular-nums; }
.chart { margin: 0 0 30px; break-inside: avoid; }
figcaption { display: flex; gap: 0 8px; margin-bottom: 16px; white-space: nowrap; min-height: 23px; align-items: baseline; }
figcaption b { font-size: 16px; }
.unit { color: var(--soft); font-size: 13px; min-width: 0; overflow: hidden; text-overflow: ellipsis; }
output { margin-left: auto; color: var(--ink); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.frame, .row { display: grid; grid-template-columns: 52px minmax(0, 1fr) 112px; }
.frame { grid-template-rows: var(--height) 26px; }
.plot { position: relative; grid-column: 2; touch-action: pan-y; }
.plot svg { display: block; width: 100%; height: 100%; overflow: visible; }
.row .plot, .row .ends { height: 16px; }
.row:last-of-type { margin-bottom: 4px; }
.row .ends span { top: 8px; }
.ys, .ends { position: relative; font-size: 12px; font-variant-numeric: tabular-nums; }
.ends { grid-column: 3; }
.ys { color: var(--soft); }
.ys span { position: absolute; right: 8px; transform: translateY(-50%); line-height: 1; white-space: nowrap; }
.ends span { position: absolute; left: 8px; transform: translateY(-50%); line-height: 1; white-space: nowrap; }
.axis, .xs { color: var(--soft); font-size: 12px; padding-top: 9px; line-height: 1; font-variant-numeric: tabular-nums; }
.axis { grid-column: 1; text-align: right; padding-right: 12px; }
.xs { position: relative; grid-column: 2; }
.xs span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
svg path:not([fill]) { fill: none; }
svg path { vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.grid { stroke: var(--hair); stroke-linecap: butt; }
.resumed { stroke: var(--axis); stroke-dasharray: 1 4; }
.threshold { stroke: var(--ink); stroke-dasharray: 5 4; stroke-linecap: butt; }
.line { stroke: var(--plain); stroke-width: 1.75; }
.line.raw { stroke: var(--raw); stroke-width: 1; }
.line.training, .line.before { stroke: var(--training); }
.line.valid { stroke: var(--valid); stroke-width: 2.25; }
.line.raw.clipped { stroke: var(--darker); }
.above { stroke: var(--training); stroke-width: 1.5; stroke-linecap: butt; }
.dot { stroke: var(--valid); stroke-width: 8; }
.tick { stroke-width: 1.5; stroke-linecap: butt; }
.tick.random { stroke: var(--random); }
.tick.skipped { stroke: var(--skipped); }
.ends .training, .ends .before { color: var(--training); }
.ends .raw { color: var(--darker); }
.ends .valid { color: var(--valid); font-weight: 600; }
.ends .random { color: var(--random); }
.ends .skipped { color: var(--skipped); }
.note, .over { position: absolute; font-size: 12px; line-height: 1; white-space: nowrap; pointer-events: none; text-shadow: 0 0 3px var(--page), 0 0 3px var(--page), 0 0 3px var(--page); }
.note { color: var(--valid); font-weight: 600; margin-top: 11px; transform: translateX(-50%); }
.note.before { transform: translateX(-100%); }
.note.after { transform: none; }
.over { top: -15px; color: var(--training); }
.over.before { transform: translateX(-100%); }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--axis); pointer-events: none; }
.remark, .empty { color: var(--soft); font-size: 13px; }
section { margin-bottom: 36px; }
pre { margin: 0; padding: 14px 0 14px 18px; border-left: 2px solid var(--hair); font: 13.5px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
thead th { text-align: right; padding-right: 0; }
thead th:first-child { text-align: left; padding-right: 12px; }
.forecast figcaption { flex-wrap: wrap; white-space: normal; margin-bottom: 6px; }
.forecast { margin: 0 0 28px; break-inside: avoid; }
.tables { columns: 3 200px; column-gap: 36px; }
table { width: 100%; border-collapse: collapse; margin-bottom: 20px; font-size: 13.5px; break-inside: avoid; }
caption { text-align: left; font-weight: 600; padding-bottom: 4px; }
tr { border-top: 1px solid var(--hair); }
th { font-weight: 400; text-align: left; color: var(--soft); padding: 3px 12px 3px 0; vertical-align: top; white-space: nowrap; }
.texts td, .texts thead th:not(:first-child) { padding-right: 12px; text-align: left; }
section figure { margin: 0 0 24px; }
section figcaption { flex-wrap: wrap; white-space: normal; }
td { padding: 3px 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
footer { color: var(--soft); font-size: 12.5px; border-top: 1px solid var(--hair); padding-top: 12px; }
@media screen and (max-width: 860px) {
  .figures { grid-template-columns: repeat(var(--medium), minmax(0, 1fr)); }
}
@media screen and (max-width: 560px) {
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .figures div:first-child:nth-last-child(odd) { grid-column: 1 / -1; }
}
@media (max-width: 560px) {
  main { padding: 24px 16px; }
  h1 { font-size: 24px; }
  .lead { font-size: 16px; }
  .frame, .row { grid-template-columns: 38px minmax(0, 1fr) 88px; }
  .ys, .ends, .xs, .axis { font-size: 11px; }
  .ys span { right: 5px; }
  .ends span { left: 5px; }
  .xs span:nth-child(even) { display: none; }
  figcaption { flex-wrap: wrap; white-space: normal; }
  output { margin-left: 0; flex-basis: 100%; min-height: 19px; }
}
@media print {
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  .figures b { font-size: 16px; }
  output, .cursor { display: none; }
}
`);
