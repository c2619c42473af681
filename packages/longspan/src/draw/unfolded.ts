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
  const isChain = structures.every(({ parts }) => parts.clock !== null);
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

interface LaidCopy {
  readonly copy: Copy;
  readonly node: LaidNode;
}

function key({ node, at }: Copy): string {
  return `${node} ${at}`;
}

/** Steps from left to right, one structure after the other; what there is once per sequence between those that it joins. Sequences below each other. */
function alongChains(diagram: Diagram, structures: readonly Structure[]): LaidCopy[] {
  const groups: (number | null)[] = [];
  for (const { over } of diagram.nodes) if (!groups.includes(over)) groups.push(over);
  groups.sort((a, b) => rank(diagram, a) - rank(diagram, b));
  const templates = groups.map((over) => template(diagram, (n) => n.over === over));
  const tallest = Math.max(...templates.map((t) => t.height));
  // What reads another structure at every step stands above it.
  const lifts = groups.map((over) =>
    diagram.edges.some((e) => diagram.nodes[e.to]!.over === over && isFar(diagram, e) && over !== null)
      ? lift
      : 0,
  );
  let left = 0;
  return groups.flatMap((over, g) => {
    const { nodes, width, height } = templates[g]!;
    const parts = over === null ? null : structures[over]!.parts;
    const wide = width - 2 * margin + columnGap;
    let columns = 1;
    const found = nodes.flatMap(({ node, index }) =>
      perCopy(over, structures).map((at) => {
        const step = parts?.positions[at] ?? 0;
        const sequence = parts?.sequenceOf[at] ?? at;
        columns = Math.max(columns, step + 1);
        return {
          copy: { node: index, at },
          node: {
            ...node,
            ...labelled(node, over === null ? "" : superscript(step + 1)),
            x: left + node.x + step * wide,
            y: node.y + (tallest - height) - lifts[g]! + sequence * (tallest + Math.max(...lifts) + rowGap),
          },
        };
      }),
    );
    left += columns * wide + columnGap * 0.7;
    return found;
  });
}

function isFar({ nodes }: Diagram, { from, to, last, first }: DiagramEdge): boolean {
  const [a, b] = [nodes[from]!.over, nodes[to]!.over];
  return a !== null && b !== null && a !== b && !last && !first;
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
  const frame = laidOut({
    nodes: Array.from({ length: structure.nodes }, () => ({
      kind: "unit",
      symbol: "",
      names: [],
      isState: true,
      over: 0,
    })),
    edges: joins
      .sort(([a], [b]) => parts.order[a]! - parts.order[b]!)
      .map(([from, to]) => ({ from, to, label: "" })),
  });
  const stretch = { x: Math.max(1, (wide + 62 + 20 * inputs.length) / 56), y: 1.05 + tall / 64 };
  return frame.nodes.flatMap((spot, row) => {
    const middle = { x: spot.x * stretch.x, y: spot.y * stretch.y };
    const mark = subscript(
      parts.order[row]! - Math.min(...structure.rowsOf(parts.sequenceOf[row]!).map((r) => parts.order[r]!)),
    );
    const put = (i: number, x: number, y: number): LaidCopy => {
      const node = { ...diagram.nodes[i]!, ...labelled(diagram.nodes[i]!, mark) };
      return { copy: { node: i, at: row }, node: { ...node, ...sizeOf(node), x, y } };
    };
    const isTop = !joins.some(([from]) => from === row);
    return [
      ...inner.map((i) => {
        const { node } = body.nodes.find((n) => n.index === i)!;
        return put(i, middle.x + node.x - body.width / 2, middle.y + node.y - body.height / 2);
      }),
      ...inputs.map((i, k) => put(i, middle.x - wide / 2 - 38 - 34 * k, middle.y)),
      ...(isTop ? outputs.map((i, k) => put(i, middle.x + 46 * k, middle.y - tall / 2 - 46)) : []),
    ];
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
