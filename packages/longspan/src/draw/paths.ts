import type { LaidEdge, LaidNode, Point } from "./layout.js";

/** A line as SVG draws it, with its arrow's end and direction and where its label and its delay stand. */
export interface Line {
  readonly path: string;
  readonly end: Point;
  /** In radians, 0 to the right, growing clockwise as y does. */
  readonly angle: number;
  readonly label: Point;
  readonly delay: Point;
}

/** The line of an arrow between two nodes. */
export function lineOf(
  { way, points, ...ends }: LaidEdge,
  nodes: readonly LaidNode[],
  { share, loop }: { readonly share: number; readonly loop: number },
): Line {
  const [from, to] = [nodes[ends.from]!, nodes[ends.to]!];
  if (way === "loop") return loopAt(from, loop);
  if (way === "around") return around(points, from, to);
  if (way === "across") return across(from, to, share, isBlocked(from, to, nodes));
  if (points.length === 2) return straight(from, to, share);
  const inner = points.slice(1, -1);
  const first = inner[0]!;
  const last = inner.at(-1)!;
  const start = edgePoint(from, first);
  const end = edgePoint(to, last);
  const all = [start, ...inner, end];
  const bend = curved(all);
  return {
    path: bend,
    end,
    angle:
      Math.abs(last.x - end.x) < 1
        ? -Math.PI / 2
        : Math.atan2(end.y - (last.y + end.y) / 2, (end.x - last.x) * 0.4),
    label: between(start, first, 0.75),
    delay: inner[Math.floor(inner.length / 2)]!,
  };
}

function straight(from: LaidNode, to: LaidNode, share: number): Line {
  const start = edgePoint(from, to);
  const end = edgePoint(to, from);
  return {
    path: `M${xy(start)}L${xy(end)}`,
    end,
    angle: Math.atan2(end.y - start.y, end.x - start.x),
    label: between(start, end, share),
    delay: between(start, end, 0.5),
  };
}

/** From step to step: level where it can be, in an arc over what lies between. */
function across(from: LaidNode, to: LaidNode, share: number, isBlocked: boolean): Line {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  if (Math.abs(dy) > Math.abs(dx)) return straight(from, to, share);
  const out = Math.sign(dx) || 1;
  const start = { x: from.x + out * from.halfWidth, y: from.y };
  const end = { x: to.x - out * to.halfWidth, y: to.y };
  if (isBlocked) {
    const [up, high] = [
      { x: from.x + out * from.halfWidth * 0.7, y: from.y - from.halfHeight * 0.75 },
      14 + 0.08 * Math.abs(dx),
    ];
    const down = { x: to.x - out * to.halfWidth * 0.7, y: to.y - to.halfHeight * 0.75 };
    return {
      path: `M${xy(up)}C${round(up.x + out * 26)} ${round(up.y - high)} ${round(down.x - out * 26)} ${round(down.y - high)} ${xy(down)}`,
      end: down,
      angle: Math.atan2(high, out * 26),
      label: between(up, { x: down.x, y: down.y - high }, 0.5),
      delay: between(up, down, 0.5),
    };
  }
  const bend = Math.abs(dy) < 1 ? 0 : 0.5 * Math.abs(end.x - start.x);
  return {
    path:
      bend === 0
        ? `M${xy(start)}L${xy(end)}`
        : `M${xy(start)}C${round(start.x + out * bend)} ${round(start.y)} ${round(end.x - out * bend)} ${round(end.y)} ${xy(end)}`,
    end,
    angle: out > 0 ? 0 : Math.PI,
    label: between(start, end, 0.45),
    delay: between(start, end, 0.5),
  };
}

/** Whether another node stands between two of one row. */
function isBlocked(from: LaidNode, to: LaidNode, nodes: readonly LaidNode[]): boolean {
  if (Math.abs(from.y - to.y) >= 1) return false;
  const [low, high] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
  return nodes.some((n) => Math.abs(n.y - from.y) < n.halfHeight && n.x > low + 1 && n.x < high - 1);
}

/** From the side of one node along a channel down to the next, and into its side, or from above into a read. */
function around(points: readonly Point[], from: LaidNode, to: LaidNode): Line {
  const channel = points.slice(1, -1);
  const first = channel[0]!;
  const last = channel.at(-1)!;
  const out = first.x > from.x ? 1 : -1;
  const corner = 12;
  const start = { x: from.x + out * from.halfWidth, y: from.y };
  const parts = [
    `M${xy(start)}H${round(first.x - out * corner)}Q${xy(first)} ${xy({ x: first.x, y: first.y + corner })}`,
  ];
  for (let i = 1; i < channel.length; i++)
    parts.push(
      step(channel[i - 1]!, channel[i]!, i === 1 ? corner : 0, i === channel.length - 1 ? corner : 0),
    );
  const delay =
    channel.length > 1
      ? between(
          channel[Math.floor((channel.length - 1) / 2)]!,
          channel[Math.floor((channel.length - 1) / 2) + 1]!,
          0.5,
        )
      : first;
  const into = last.x > to.x ? 1 : -1;
  const end = { x: to.x + into * to.halfWidth, y: to.y };
  parts.push(`Q${xy(last)} ${xy({ x: last.x - into * corner, y: last.y })}H${round(end.x)}`);
  return {
    path: parts.join(""),
    end,
    angle: into > 0 ? Math.PI : 0,
    label: { x: (last.x + end.x) / 2, y: last.y + 12 },
    delay,
  };
}

/** From one point of a channel down to the next, without what corners take at its ends. */
function step(a: Point, b: Point, above: number, below: number): string {
  const end = { x: b.x, y: b.y - below };
  if (Math.abs(a.x - b.x) < 0.5) return `V${round(end.y)}`;
  const middle = (a.y + above + end.y) / 2;
  return `C${round(a.x)} ${round(middle)} ${round(b.x)} ${round(middle)} ${xy(end)}`;
}

/** A loop at the right side of a node, around `inside` others. */
function loopAt({ x, y, halfWidth, halfHeight }: LaidNode, inside: number): Line {
  const [side, low] = [x + halfWidth + 26 + 44 * inside, halfHeight * 0.55];
  const tall = 34 + 14 * inside;
  const start = { x: x + halfWidth * 0.86, y: y - low };
  const end = { x: x + halfWidth * 0.86, y: y + low };
  return {
    path: `M${xy(start)}C${round(side)} ${round(y - tall)} ${round(side)} ${round(y + tall)} ${xy(end)}`,
    end,
    angle: Math.PI * (0.82 + 0.05 * inside),
    label: { x: side - 11 * inside + 8, y: y + 17 + 2 * inside },
    delay: { x: (3 * side + start.x) / 4, y },
  };
}

/** Through points from the bottom up, upright at each. */
function curved(points: readonly Point[]): string {
  let path = `M${xy(points[0]!)}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const middle = (a.y + b.y) / 2;
    path +=
      Math.abs(a.x - b.x) < 0.5
        ? `L${xy(b)}`
        : `C${round(a.x)} ${round(middle)} ${round(b.x)} ${round(middle)} ${xy(b)}`;
  }
  return path;
}

/** Where the line from a node's middle to a point leaves the node. */
function edgePoint({ x, y, halfWidth, halfHeight, kind }: LaidNode, toward: Point): Point {
  const [dx, dy] = [toward.x - x, toward.y - y];
  const length = Math.hypot(dx, dy);
  if (length === 0) return { x, y };
  if (halfWidth <= halfHeight + 0.5 && kind !== "output")
    return { x: x + (dx / length) * halfHeight, y: y + (dy / length) * halfHeight };
  // A pill: its upper or lower side, between its rounded ends.
  const inner = kind === "output" ? halfWidth : halfWidth - halfHeight;
  const across = Math.max(-inner, Math.min(inner, (dx / Math.abs(dy || 1)) * halfHeight));
  return { x: x + across, y: y + Math.sign(dy || 1) * halfHeight };
}

function between(a: Point, b: Point, share: number): Point {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

export function round(x: number): number {
  return Math.round(10 * x) / 10;
}

export function xy({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}
