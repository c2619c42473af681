import { coordinates, type Reach, straighten } from "./coordinates.js";
import type { Diagram, DiagramEdge, DiagramNode } from "./diagram.js";
import { levelsOf } from "./levels.js";
import { type Beside, type Link, ordered } from "./ordering.js";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A node with its middle and how far it reaches to the sides and up and down. */
export interface LaidNode extends DiagramNode, Point {
  readonly halfWidth: number;
  readonly halfHeight: number;
}

/** An arrow with the points that it passes, from its first node's middle to its last one's. `around`: it leaves and arrives at their sides. */
export interface LaidEdge extends DiagramEdge {
  readonly points: readonly Point[];
  readonly way: "up" | "around" | "loop" | "across" | "direct" | "far";
}

/** A diagram whose parts have places: y grows downwards, and what comes first is at the bottom. */
export interface Layout {
  readonly nodes: readonly LaidNode[];
  readonly edges: readonly LaidEdge[];
  readonly width: number;
  readonly height: number;
}

const levelHeight = 64;
const margin = 30;
const radius = 15;
const besideGap = 13;
const loopReach = 46;

/** How far a node reaches from its middle. */
export function sizeOf({ kind, symbol }: DiagramNode): {
  readonly halfWidth: number;
  readonly halfHeight: number;
} {
  if (kind === "read") return { halfWidth: 3, halfHeight: 3 };
  const text = textWidth(symbol);
  if (kind === "output") return { halfWidth: text / 2 + 2, halfHeight: 9 };
  return { halfWidth: Math.max(radius, text / 2 + 8), halfHeight: radius };
}

/** About how wide a text is, at 13 pixels. */
export function textWidth(text: string): number {
  return text.length * 7.2;
}

/**
 * Places a diagram: levels from the bottom up, and on each level what keeps arrows short and apart. States that go to the next step run beside.
 * @param apart nodes that do not stand on one level
 */
export function laidOut(diagram: Diagram, apart: readonly number[] = []): Layout {
  const { nodes, edges } = diagram;
  const level = levelsOf(diagram, apart);
  const height = Math.max(0, ...level) + 1;
  const levels: number[][] = Array.from({ length: height }, () => []);
  for (const [i, l] of level.entries()) levels[l]!.push(i);
  const links: Link[] = [];
  const beside: Beside[] = [];
  let items = nodes.length;
  const point = (l: number): number => {
    levels[l]!.push(items);
    return items++;
  };
  /** Items between two levels, from the lower one up. */
  const chain = (low: number, high: number): number[] => {
    const made = Array.from({ length: Math.max(0, high - low + 1) }, (_, k) => point(low + k));
    made.forEach((item, k) => {
      if (k > 0) links.push([made[k - 1]!, item]);
    });
    return made;
  };
  const loops = new Map<number, number>();
  const ways = edges.map(({ from, to, delay }) => {
    const [low, high] = [level[from]!, level[to]!];
    if (from === to) {
      loops.set(from, (loops.get(from) ?? 0) + 1);
      return { way: "loop" as const, through: [] };
    }
    if (!delay || high > low) {
      const through = chain(low + 1, high - 1);
      links.push([from, through[0] ?? to]);
      if (through.length > 0) links.push([through.at(-1)!, to]);
      return { way: "up" as const, through };
    }
    // Down beside what is between.
    const through = chain(high, low);
    beside.push([through[0]!, to], [through.at(-1)!, from]);
    return { way: "around" as const, through: through.reverse() };
  });
  const rows = { levels, links, beside };
  const order = ordered(rows);
  const reach = (item: number): Reach => {
    const node = nodes[item];
    if (!node) return { left: 11, right: 11 };
    const { halfWidth } = sizeOf(node);
    const name = node.kind === "read" || node.names.length === 0 ? 0 : textWidth(node.names.join(", ")) + 6;
    const [left, right] = loops.has(item) ? [name, loopReach * loops.get(item)!] : [0, name];
    return { left: halfWidth + besideGap + left, right: halfWidth + besideGap + right };
  };
  const isPoint = (item: number) => item >= nodes.length;
  const x = coordinates(order, rows, reach, (a, b) =>
    isPoint(a) && isPoint(b) ? 12 : isPoint(a) || isPoint(b) ? 3 : 1,
  );
  straighten(
    order,
    x,
    reach,
    ways.flatMap(({ through }) => (through.length > 1 ? [through] : [])),
  );
  const all = order.flat();
  const left = Math.min(...all.map((i) => x.get(i)! - reach(i).left));
  const right = Math.max(...all.map((i) => x.get(i)! + reach(i).right));
  const y = (l: number) => margin + (height - 1 - l) * levelHeight;
  const levelOf = new Map(order.flatMap((row, l) => row.map((item) => [item, l] as const)));
  const at = (item: number): Point => ({ x: x.get(item)! - left + margin / 2, y: y(levelOf.get(item)!) });
  return {
    nodes: nodes.map((node, i) => ({ ...node, ...sizeOf(node), ...at(i) })),
    edges: edges.map((edge, e) => {
      const { way, through } = ways[e]!;
      return { ...edge, way, points: [at(edge.from), ...through.map(at), at(edge.to)] };
    }),
    width: right - left + margin,
    height: (height - 1) * levelHeight + 2 * margin,
  };
}
