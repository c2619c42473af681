import { Html, html } from "../html.js";
import type { Colour } from "../style.js";

const layers: readonly Colour[] = ["training", "valid", "skipped", "random", "plain"];

/** The style sheet of the pictures. Renderers other than browsers know no variables, so colours come from `colour`. */
export function pictureStyle(colour: (name: Colour) => string): Html {
  return new Html(`
.picture text { font-family: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; font-size: 12px; fill: ${colour("soft")}; }
.picture text.y { text-anchor: end; }
.picture text.x { text-anchor: middle; }
.picture text.name { font-size: 13px; fill: ${colour("ink")}; }
.picture text.title { font-size: 17px; font-weight: bold; fill: ${colour("ink")}; }
.picture .unit { font-size: 13px; font-weight: normal; fill: ${colour("soft")}; }
.picture path { fill: none; stroke-linejoin: round; stroke-linecap: round; }
.picture rect { shape-rendering: crispEdges; }
.picture .grid { stroke: ${colour("hair")}; stroke-linecap: butt; }
.picture .frame { stroke: ${colour("axis")}; stroke-linecap: butt; }
.picture .circle { stroke: ${colour("ink")}; stroke-dasharray: 4 3; stroke-linecap: butt; }
.picture .floor { stroke: ${colour("ink")}; stroke-dasharray: 5 4; stroke-linecap: butt; }
.picture .answered { stroke: ${colour("valid")}; stroke-width: 3; stroke-linecap: butt; }
.picture .curve { stroke-width: 1.75; }
.picture .horizon { stroke-width: 8; }
.picture .values { stroke-width: 3; stroke-opacity: 0.45; }
.picture .bar { fill: ${colour("darker")}; }
.picture .bar.end { fill: ${colour("valid")}; }
${layers.map((name, k) => `.picture path.layer-${k} { stroke: ${colour(name)}; }\n.picture text.layer-${k} { fill: ${colour(name)}; }`).join("\n")}
`);
}

/** The rules of a page with pictures. */
export const picturesStyle = html`${pictureStyle((name) => `var(--${name})`)}
.chart { overflow-x: auto; }
.chart .picture { display: block; width: 100%; min-width: 640px; height: auto; }
.chart figcaption { flex-wrap: wrap; white-space: normal; }
`;
