import type { Structure } from "../unfold/index.js";
import { type Copy, copiedEdges, perCopy, stateEdges } from "./copies.js";
import type { Diagram, DiagramEdge, DiagramNode } from "./diagram.js";
import { type LaidEdge, type LaidNode, type Layout, laidOut, sizeOf } from "./layout.js";
import { subscript, superscript } from "./symbols.js";
import { withOneState } from "./trimmed.js";

const columnGap = 38;
const rowGap = 26;
const margin = 24;
const lift = 110;

/**
 * The unfolded graph: every node once per node of its structure. Along a chain the steps stand side by side; over other structures, where a
 * node stands follows from what it reads.
 * @param diagram without reads
 */
export function unfolded(
  detailed: Diagram,
  structures: readonly Structure[],
  onlyVariables: boolean,
): Layout {
  const isChain = structures.every(isOneWay);
  const diagram = onlyVariables && !isChain ? withOneState(detailed) : detailed;
  const copies = isChain ? alongChains(diagram, structures) : overGraph(diagram, structures[0]!);
  const index = new Map(copies.map(({ copy }, i) => [key(copy), i]));
  const edges = copiedEdges(diagram, structures).flatMap(({ from, to, edge, far }): LaidEdge[] => {
    const [a, b] = [index.get(key(from)), index.get(key(to))];
    if (a === undefined || b === undefined) return [];
    const onward = isChain ? "across" : "direct";
    const way = far ? "far" : edge.delay || edge.last || edge.first ? onward : "up";
    return [{ ...edge, from: a, to: b, way, points: [copies[a]!.node, copies[b]!.node] }];
  });
  const nodes = copies.map(({ node }) => node);
  const [left, top] = [
    Math.min(...nodes.map((n) => n.x - n.halfWidth)),
    Math.min(...nodes.map((n) => n.y - n.halfHeight)),
  ];
  const shift = { x: margin - left, y: margin - top };
  const moved = nodes.map((n) => ({ ...n, x: n.x + shift.x, y: n.y + shift.y }));
  return {
    nodes: moved,
    edges: edges.map((e) => ({ ...e, points: [moved[e.from]!, moved[e.to]!] })),
    width: Math.max(...moved.map((n) => n.x + n.halfWidth)) + margin,
    height: Math.max(...moved.map((n) => n.y + n.halfHeight)) + margin,
  };
}

/** Whether the nodes of each sequence stand in a line, though edges may skip some. */
export function isOneWay({ parts: { clock, gridSizes } }: Structure): boolean {
  return clock !== null && gridSizes === undefined;
}

interface LaidCopy {
  readonly copy: Copy;
  readonly node: LaidNode;
}

function key({ node, at }: Copy): string {
  return `${node} ${at}`;
}

/** Steps from left to right, one structure after the other; what there is once per sequence between those that it joins. Sequences below each other. */
function alongChains(diagram: Diagram, structures: readonly Structure[]): LaidCopy[] {
  const columns = columnsOf(diagram, structures);
  const groups = [...new Set(diagram.nodes.map(({ over }) => columns.groupOf(over)))];
  groups.sort((a, b) => rank(diagram, a) - rank(diagram, b));
  const templates = groups.map((group) => template(diagram, (n) => columns.groupOf(n.over) === group));
  const tallest = Math.max(...templates.map((t) => t.height));
  // What reads another structure at every step stands above it.
  const lifts = groups.map((group) =>
    diagram.edges.some((e) => columns.groupOf(diagram.nodes[e.to]!.over) === group && columns.isFar(e))
      ? lift
      : 0,
  );
  let left = 0;
  return groups.flatMap((group, g) => {
    const { nodes, width, height } = templates[g]!;
    const wide = width - 2 * margin + columnGap;
    let last = 0;
    const found = nodes.flatMap(({ node, index }) =>
      perCopy(node.over, structures).map((at) => {
        const step = columns.stepOf(node.over, at);
        const sequence = node.over === null ? at : structures[node.over]!.parts.sequenceOf[at]!;
        last = Math.max(last, step);
        return {
          copy: { node: index, at },
          node: {
            ...node,
            ...labelled(node, group === null ? "" : superscript(step + 1)),
            x: left + node.x + step * wide,
            y: node.y + (tallest - height) - lifts[g]! + sequence * (tallest + Math.max(...lifts) + rowGap),
          },
        };
      }),
    );
    left += (last + 1) * wide + columnGap * 0.7;
    return found;
  });
}

/** Which structures share their columns, and the column of each of their nodes. */
function columnsOf({ nodes, edges }: Diagram, structures: readonly Structure[]) {
  // A structure whose nodes look rows of another one up stands in that one's columns: groups of units that are updated now and then.
  const within = new Map<
    number,
    { readonly base: number; readonly rows: NonNullable<DiagramEdge["rows"]> }
  >();
  for (const { from, to, rows } of edges) {
    const [a, b] = [nodes[from]!.over, nodes[to]!.over];
    if (rows && a !== null && b !== null && a < b && rows.length === structures[b]!.nodes && !within.has(b))
      within.set(b, { base: a, rows });
  }
  const groupOf = (over: number | null): number | null => {
    const inner = over === null ? undefined : within.get(over);
    return inner ? groupOf(inner.base) : over;
  };
  const stepOf = (over: number | null, at: number): number => {
    if (over === null) return 0;
    const inner = within.get(over);
    return inner
      ? Math.max(0, ...inner.rows[at]!.map((row) => stepOf(inner.base, row)))
      : structures[over]!.parts.positions[at]!;
  };
  const isFar = ({ from, to, last, first, rows }: DiagramEdge): boolean => {
    const [a, b] = [nodes[from]!.over, nodes[to]!.over];
    return a !== null && b !== null && groupOf(a) !== groupOf(b) && !last && !first && !rows;
  };
  return { groupOf, stepOf, isFar };
}

/** What there is once per sequence stands after what it reads. */
function rank({ nodes, edges }: Diagram, over: number | null): number {
  if (over !== null) return over;
  const sources = edges
    .filter((e) => nodes[e.to]!.over === null && nodes[e.from]!.over !== null)
    .map((e) => nodes[e.from]!.over!);
  return sources.length === 0 ? -0.5 : Math.max(...sources) + 0.5;
}

/** Some nodes of a diagram with their places in one step: states one above the other, so that what goes on from each has a way of its own. */
function template(diagram: Diagram, has: (node: DiagramNode) => boolean) {
  const indices = diagram.nodes.flatMap((n, i) => (has(n) ? [i] : []));
  const number = new Map(indices.map((i, k) => [i, k]));
  const within = diagram.edges.filter((e) => number.has(e.from) && number.has(e.to));
  const laid = laidOut(
    {
      nodes: indices.map((i) => diagram.nodes[i]!),
      edges: within
        .filter((e) => !e.delay)
        .map((e) => ({ ...e, from: number.get(e.from)!, to: number.get(e.to)! })),
    },
    within.flatMap((e) => (e.delay ? [number.get(e.from)!] : [])),
  );
  return { ...laid, nodes: laid.nodes.map((node, k) => ({ node, index: indices[k]! })) };
}

/** The nodes of the structure on levels, each with its state, its inputs at its side, and its output where nothing reads it. */
function overGraph(diagram: Diagram, structure: Structure): LaidCopy[] {
  const { parts } = structure;
  const joins = parts.inPorts.flatMap((port) => stateEdges(structure, port));
  const indices = diagram.nodes.map((_, i) => i);
  const inner = indices.filter((i) => !["input", "output"].includes(diagram.nodes[i]!.kind));
  const inputs = indices.filter((i) => diagram.nodes[i]!.kind === "input");
  const outputs = indices.filter((i) => diagram.nodes[i]!.kind === "output");
  const body = template(
    { nodes: diagram.nodes, edges: diagram.edges },
    (n) => n.kind !== "input" && n.kind !== "output",
  );
  const [wide, tall] = [body.width - 60, body.height - 60];
  const spots = parts.gridSizes
    ? onGrid(structure, wide, tall)
    : onLevels(structure, joins, wide + 20 * inputs.length, tall);
  return spots.flatMap(({ mark, ...middle }, row) => {
    const put = (i: number, x: number, y: number): LaidCopy => {
      // Between the nodes of a grid there is little room.
      const isPlain = parts.gridSizes !== undefined && diagram.nodes[i]!.kind === "input";
      const node = { ...diagram.nodes[i]!, ...labelled(diagram.nodes[i]!, isPlain ? "" : mark) };
      return { copy: { node: i, at: row }, node: { ...node, ...sizeOf(node), x, y } };
    };
    const isTop = !joins.some(([from]) => from === row);
    return [
      ...inner.map((i) => {
        const { node } = body.nodes.find((n) => n.index === i)!;
        return put(i, middle.x + node.x - body.width / 2, middle.y + node.y - body.height / 2);
      }),
      ...inputs.map((i, k) =>
        parts.gridSizes
          ? put(i, middle.x - wide / 2 - 6 - 34 * k, middle.y + tall / 2 + 36)
          : put(i, middle.x - wide / 2 - 38 - 34 * k, middle.y),
      ),
      ...(isTop
        ? outputs.map((i, k) =>
            parts.gridSizes
              ? put(i, middle.x + wide / 2 + 52 * (k + 1), middle.y + tall / 2 + 34)
              : put(i, middle.x + 46 * k, middle.y - tall / 2 - 46),
          )
        : []),
    ];
  });
}

/** Where the nodes of a structure stand, and how they are marked. */
interface Spot {
  readonly x: number;
  readonly y: number;
  readonly mark: string;
}

/** Rows and columns, the grids of a batch below each other. */
function onGrid({ parts }: Structure, wide: number, tall: number): Spot[] {
  const sizes = parts.gridSizes!;
  const before = sizes.map((_, s) =>
    sizes.slice(0, s).reduce((n, [h, w]) => [n[0]! + h * w, n[1]! + h], [0, 0]),
  );
  return Array.from(parts.order, (position, row) => {
    const sequence = parts.sequenceOf[row]!;
    const [nodes, rows] = before[sequence]!;
    const [i, j] = [
      Math.floor((position - nodes!) / sizes[sequence]![1]),
      (position - nodes!) % sizes[sequence]![1],
    ];
    return {
      x: j * (wide + 92),
      y: (rows! + i) * (tall + 92) + sequence * rowGap,
      mark: superscript(i + 1, j + 1),
    };
  });
}

/** Levels from the bottom up, with few crossings. */
function onLevels(
  structure: Structure,
  joins: readonly [number, number][],
  wide: number,
  tall: number,
): Spot[] {
  const { parts } = structure;
  const frame = laidOut({
    nodes: Array.from({ length: structure.nodes }, () => ({
      kind: "unit",
      symbol: "",
      names: [],
      isState: true,
      over: 0,
    })),
    edges: [...joins]
      .sort(([a], [b]) => parts.order[a]! - parts.order[b]!)
      .map(([from, to]) => ({ from, to, label: "" })),
  });
  const stretch = { x: Math.max(1, (wide + 62) / 56), y: 1.05 + tall / 64 };
  return frame.nodes.map((spot, row) => {
    const first = Math.min(...structure.rowsOf(parts.sequenceOf[row]!).map((r) => parts.order[r]!));
    return { x: spot.x * stretch.x, y: spot.y * stretch.y, mark: subscript(parts.order[row]! - first) };
  });
}

function labelled(node: DiagramNode, mark: string): Pick<DiagramNode, "symbol" | "names"> {
  const isNamed =
    node.kind === "input" ||
    node.kind === "output" ||
    node.kind === "result" ||
    (node.isState && node.names.length === 0);
  return {
    symbol: isNamed ? `${node.symbol}${mark}` : node.symbol,
    names: node.names.map((n) => `${n}${mark}`),
  };
}
