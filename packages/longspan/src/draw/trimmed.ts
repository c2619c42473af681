import type { Diagram, DiagramEdge, DiagramNode } from "./diagram.js";
import { followed } from "./row-origins.js";

/** The diagram with what is drawn only: a state that one node reads goes straight there. */
export function withoutLoneReads({ nodes, edges }: Diagram): Diagram {
  const lone = new Map<number, DiagramEdge>();
  nodes.forEach(({ kind }, i) => {
    const out = edges.filter((e) => e.from === i);
    if (kind === "read" && out.length === 1 && !out[0]!.delay) lone.set(i, out[0]!);
  });
  const direct = edges
    .filter(({ from }) => !lone.has(from))
    .map((edge) => {
      const next = lone.get(edge.to);
      return next ? { ...edge, to: next.to, label: next.label } : edge;
    });
  return compacted(nodes, direct, (i) => !lone.has(i));
}

/**
 * The variables alone: inputs, states and results. An arrow leads from one to the next where some unit between them reads it; it bears the
 * weights' name where all ways between the two pass the same.
 */
export function variablesOf({ nodes, edges }: Diagram): Diagram {
  const isVariable = (i: number) =>
    (nodes[i]!.kind !== "unit" && nodes[i]!.kind !== "operation") || nodes[i]!.isState;
  const out = nodes.map((_, i) => edges.filter((e) => e.from === i && !e.delay));
  const found: DiagramEdge[] = edges.filter((e) => e.delay);
  nodes.forEach((_, from) => {
    if (!isVariable(from)) return;
    const ways = new Map<string, DiagramEdge[]>();
    const seen = new Set<string>();
    const visit = (at: number, way: Pick<DiagramEdge, "label" | "last" | "first" | "rows">) => {
      for (const e of out[at]!) {
        const rows = followed(way.rows ?? null, e.rows ?? null);
        const next: DiagramEdge = {
          from,
          to: e.to,
          label: [way.label, e.label].filter((l) => l !== "" && l !== "−").join(" "),
          ...(way.last || e.last ? { last: true } : {}),
          ...(way.first || e.first ? { first: true } : {}),
          ...(rows ? { rows } : {}),
        };
        const kind = `${e.to} ${next.last} ${next.first}`;
        if (isVariable(e.to)) ways.set(kind, [...(ways.get(kind) ?? []), next]);
        else if (!seen.has(`${kind} ${next.label} ${JSON.stringify(rows)}`)) {
          seen.add(`${kind} ${next.label} ${JSON.stringify(rows)}`);
          visit(e.to, next);
        }
      }
    };
    visit(from, { label: "" });
    for (const same of ways.values()) found.push(joined(same));
  });
  const named = nodes.map((n) =>
    n.isState ? { ...n, kind: "unit" as const, symbol: n.names.join(", "), names: [] } : n,
  );
  return compacted(named, found, isVariable);
}

/** Several ways between two variables as one arrow: the rows that any of them brings, and the weights' name where all have the same. */
function joined(ways: readonly DiagramEdge[]): DiagramEdge {
  const [{ rows: _, ...first }] = ways as readonly [DiagramEdge, ...DiagramEdge[]];
  const label = ways.some((way) => way.label !== first.label) ? "" : first.label;
  const moved = ways.find((way) => way.rows)?.rows;
  if (!moved) return { ...first, label };
  const rows = moved.map((_, row) => [
    ...new Set(ways.flatMap((way) => (way.rows ? way.rows[row]! : [row]))),
  ]);
  return { ...first, label, rows };
}

/** The states as one node, where what goes on between them is of no interest. */
export function withOneState({ nodes, edges }: Diagram): Diagram {
  const slots = edges.flatMap((e) => (e.delay ? [e.delay.slot] : []));
  const rank = (i: number) => slots.indexOf(nodes[i]!.symbol.split(", ")[0]!);
  const states = nodes.flatMap((n, i) => (n.isState ? [i] : [])).sort((a, b) => rank(a) - rank(b));
  const [first] = states;
  if (first === undefined) return { nodes, edges };
  const symbol = states.map((i) => nodes[i]!.symbol).join(", ");
  const one = (i: number) => (nodes[i]!.isState ? first : i);
  const between = new Map<string, DiagramEdge[]>();
  for (const e of edges) {
    const edge = { ...e, from: one(e.from), to: one(e.to) };
    if (edge.from === edge.to && !edge.delay) continue;
    const kind = `${edge.from} ${edge.to} ${edge.delay?.port} ${edge.last} ${edge.first}`;
    between.set(kind, [...(between.get(kind) ?? []), edge]);
  }
  const merged = [...between.values()].map((same) => {
    const labels = [...new Set(same.map((e) => e.label).filter((l) => l !== ""))];
    return { ...same[0]!, label: labels.length === 1 ? labels[0]! : "" };
  });
  const shown = nodes.map((n, i) => (i === first ? { ...n, symbol } : n));
  return compacted(shown, merged, (i) => i === first || !nodes[i]!.isState);
}

/** The nodes that are kept, numbered anew, and the arrows between them. */
function compacted(
  nodes: readonly DiagramNode[],
  edges: readonly DiagramEdge[],
  isKept: (node: number) => boolean,
): Diagram {
  const numbers = new Map<number, number>();
  nodes.forEach((_, i) => {
    if (isKept(i)) numbers.set(i, numbers.size);
  });
  return {
    nodes: nodes.filter((_, i) => isKept(i)),
    edges: edges.flatMap((e) => {
      const [from, to] = [numbers.get(e.from), numbers.get(e.to)];
      return from === undefined || to === undefined ? [] : [{ ...e, from, to }];
    }),
  };
}
