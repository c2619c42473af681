import type { LaidEdge, LaidNode, Layout, Point } from "./layout.js";
import { type Line, lineOf, round, xy } from "./paths.js";

/** The drawing as an SVG file that needs nothing else. It has its own ground, light or dark as the reader's system is. */
export function svgOf(laidOut: Layout, title: string): string {
  const { nodes, edges, width, height } = laidOut;
  const shares = labelShares(laidOut);
  const lines = edges.map((edge, e) =>
    lineOf(edge, nodes, {
      share: shares[e] ?? 0.4,
      loop: edges.slice(0, e).filter((o) => o.way === "loop" && o.from === edge.from).length,
    }),
  );
  const looks = ["far", "", "once", "state"].map((look) => {
    const of = lines.map((l, e) => (lookOf(edges[e]!) === look ? l.path : "")).join("");
    return of === "" ? "" : `<path class="line${look === "" ? "" : ` ${look}`}" d="${of}"/>\n`;
  });
  return svgFile(
    { width, height, title },
    `${looks.join("")}<path class="head" d="${lines.map((l, e) => (hasHead(edges[e]!, nodes) ? head(l) : "")).join("")}"/>
${edges.map((edge, e) => delayOf(edge, lines[e]!)).join("")}${nodes
  .map((node, i) =>
    nodeOf(
      node,
      edges.some((e) => e.way === "loop" && e.from === i),
    ),
  )
  .join("\n")}
${edges.map((edge, e) => (edge.label === "" || shares[e] === null ? "" : text("weight", lines[e]!.label, edge.label))).join("")}
`,
  );
}

/** An SVG file with the look of drawings. */
export function svgFile(
  { width, height, title }: { readonly width: number; readonly height: number; readonly title: string },
  body: string,
): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return `<svg xmlns="http://www.w3.org/2000/svg" class="longspan-drawing" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>${style}</style>
<rect class="ground" width="${w}" height="${h}" rx="8"/>
${body}</svg>
`;
}

const style = `
.longspan-drawing{font-family:system-ui,"Segoe UI",Helvetica,Arial,sans-serif;font-size:13px}
.longspan-drawing .ground{fill:#fff}
.longspan-drawing .line{fill:none;stroke:#57606a;stroke-width:1.3}
.longspan-drawing .line.state{stroke:#0a6c9c}
.longspan-drawing .line.once{stroke:#0a6c9c;stroke-dasharray:5 3}
.longspan-drawing .line.far{stroke-width:.8;stroke-dasharray:2 3}
.longspan-drawing .head{fill:#57606a}
.longspan-drawing .delay{fill:#1f2328}
.longspan-drawing .dot{fill:#0a6c9c}
.longspan-drawing .node{fill:#f3f5f7;stroke:#57606a;stroke-width:1.3}
.longspan-drawing .node.unit{fill:#fff3d6;stroke:#9a6b00}
.longspan-drawing .node.input{fill:#e7f3e8;stroke:#3a7d44}
.longspan-drawing .node.state{fill:#dcf0fb;stroke:#0a6c9c;stroke-width:2}
.longspan-drawing text{fill:#1f2328;text-anchor:middle}
.longspan-drawing .name{font-weight:600;font-style:italic;fill:#0a5b84;text-anchor:start}
.longspan-drawing .name.left{text-anchor:end}
.longspan-drawing .weight{font-size:12px;font-style:italic;fill:#1f2328;stroke:#fff;stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
.longspan-drawing .port{font-size:11px;fill:#57606a}
.longspan-drawing .mark{text-anchor:end}
.longspan-drawing .rule{fill:none;stroke:#d5dae0}
.longspan-drawing .values{stroke:#9a6b00;stroke-width:6;stroke-linecap:round}
@media(prefers-color-scheme:dark){
.longspan-drawing .ground{fill:#12161c}
.longspan-drawing .line{stroke:#9aa5b1}
.longspan-drawing .line.state{stroke:#5cb8e6}
.longspan-drawing .line.once{stroke:#5cb8e6}
.longspan-drawing .head{fill:#9aa5b1}
.longspan-drawing .delay{fill:#e6edf3}
.longspan-drawing .dot{fill:#5cb8e6}
.longspan-drawing .node{fill:#1d242d;stroke:#9aa5b1}
.longspan-drawing .node.unit{fill:#3a2f14;stroke:#d9a93a}
.longspan-drawing .node.input{fill:#183022;stroke:#6abf7b}
.longspan-drawing .node.state{fill:#12344a;stroke:#5cb8e6}
.longspan-drawing text{fill:#e6edf3}
.longspan-drawing .name{fill:#7cc7ee}
.longspan-drawing .weight{fill:#e6edf3;stroke:#12161c}
.longspan-drawing .port{fill:#9aa5b1}
.longspan-drawing .rule{stroke:#333d49}
.longspan-drawing .values{stroke:#d9a93a}
}
`;

function lookOf({ way, delay, last, first }: LaidEdge): string {
  if (way === "far") return "far";
  if (last || first) return "once";
  return delay ? "state" : "";
}

function nodeOf(
  { kind, symbol, names, isState, x, y, halfWidth, halfHeight }: LaidNode,
  loops: boolean,
): string {
  if (kind === "read") return `<circle class="dot" cx="${round(x)}" cy="${round(y)}" r="3"/>`;
  if (kind === "output") return text("", { x, y }, symbol);
  const look = isState ? "state" : kind === "unit" || kind === "input" ? kind : "";
  const shape = `<rect class="node ${look}" x="${round(x - halfWidth)}" y="${round(y - halfHeight)}" width="${round(2 * halfWidth)}" height="${round(2 * halfHeight)}" rx="${round(halfHeight)}"/>`;
  const at = { x: loops ? x - halfWidth - 3 : x + halfWidth + 3, y: y - halfHeight + 3 };
  const beside = names.length === 0 ? "" : text(loops ? "name left" : "name", at, names.join(", "));
  return `${shape}${text("", { x, y }, symbol)}${beside}`;
}

/** The black square of a circuit; in an unfolded graph, nothing is delayed. */
function delayOf({ delay, way }: LaidEdge, { delay: at }: Line): string {
  return delay && way !== "across" && way !== "direct"
    ? `<rect class="delay" x="${round(at.x - 5)}" y="${round(at.y - 5)}" width="10" height="10"/>`
    : "";
}

/** An arrow without a head: the one that ends at the dot where a state is read from. */
function hasHead({ to }: LaidEdge, nodes: readonly LaidNode[]): boolean {
  return nodes[to]!.kind !== "read";
}

function head({ end, angle }: Line): string {
  const side = (turn: number): Point => ({
    x: end.x - 8 * Math.cos(angle + turn),
    y: end.y - 8 * Math.sin(angle + turn),
  });
  return `M${xy(end)}L${xy(side(0.38))}L${xy(side(-0.38))}Z`;
}

function text(look: string, { x, y }: Point, words: string): string {
  return `<text${look === "" ? "" : ` class="${look}"`} x="${round(x)}" y="${round(y + 4.5)}">${escaped(words)}</text>`;
}

export function escaped(words: string): string {
  return words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** Where on its arrow each label stands; null where another arrow from the same node says the same. */
function labelShares({ nodes, edges }: Layout): (number | null)[] {
  return edges.map(({ from, to, label, delay }) => {
    const same = edges.filter((o) => o.from === from && o.label === label && !o.delay === !delay);
    if (same.length < 3) return 0.4;
    const middle = [...same].sort((a, b) => nodes[a.to]!.x - nodes[b.to]!.x)[Math.floor(same.length / 2)]!;
    return middle.to === to ? 0.3 : null;
  });
}
