import type { Diagram, DiagramEdge, DiagramNode } from "./diagram.js";
import { numbered, shortNames } from "./symbols.js";
import type { Wire, Wiring } from "./wiring.js";

/** Every equation of a model as a node, with the weights and constants that it takes written into it. */
export function operationsOf({ steps, entries, memories, results, rows }: Wiring): Diagram {
  const nodes: { -readonly [K in keyof DiagramNode]: DiagramNode[K] }[] = [];
  const edges: DiagramEdge[] = [];
  const made = new Map<Wire, number>();
  const weights = shortNames([...entries.values()].flatMap((e) => (e.kind === "weight" ? [e.name] : [])));
  const add = (node: Pick<DiagramNode, "kind" | "symbol">, wire: Wire): number => {
    const number = nodes.push({ names: [], isState: false, over: rows[wire]!, ...node }) - 1;
    made.set(wire, number);
    return number;
  };
  const used = new Set(steps.flatMap((step) => step.inputs));
  for (const [wire, { kind, name }] of entries)
    if (kind !== "weight" && kind !== "constant" && used.has(wire))
      add({ kind: "input", symbol: name }, wire);
  for (const { reads } of memories)
    for (const { wire } of reads) if (used.has(wire)) add({ kind: "read", symbol: "" }, wire);
  const constants = new Map<Wire, string>();
  for (const { op, attrs, inputs, outputs } of steps) {
    const name = typeof op === "string" ? op : op.name;
    if (name === "constant") {
      constants.set(outputs[0]!, `${attrs.value}`);
      continue;
    }
    const written = inputs.flatMap(
      (i) => constants.get(i) ?? (weights.get(entries.get(i)?.name ?? "") || []),
    );
    const node = add({ kind: "operation", symbol: [name, ...written].join(" ") }, outputs[0]!);
    for (const wire of outputs.slice(1)) made.set(wire, node);
    for (const i of new Set(inputs)) if (made.has(i)) edges.push({ from: made.get(i)!, to: node, label: "" });
  }
  const slots = numbered(memories.map(({ name }) => name));
  memories.forEach(({ next, reads, initial, over }, m) => {
    const node = made.get(next) ?? add({ kind: "operation", symbol: "" }, next);
    nodes[node]!.names = [...nodes[node]!.names, slots[m]!];
    nodes[node]!.isState = true;
    for (const { wire, port } of reads) {
      const to = made.get(wire);
      if (to === undefined) continue;
      edges.push({ from: node, to, label: "", delay: { slot: slots[m]!, port, over } });
      const start = initial === null ? undefined : made.get(initial);
      if (start !== undefined) edges.push({ from: start, to, label: "", first: true });
    }
  });
  for (const { name, wire } of results) {
    const from = made.get(wire);
    if (from === undefined) continue;
    const over = nodes[from]!.over;
    edges.push({
      from,
      to: nodes.push({ kind: "output", symbol: name, names: [], isState: false, over }) - 1,
      label: "",
    });
  }
  return { nodes, edges };
}
