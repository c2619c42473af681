import type { Diagram, DiagramEdge, DiagramNode } from "./diagram.js";
import { lastCommonWires } from "./dominators.js";
import { knownFunction, numbersOf } from "./known-functions.js";
import { followed, movedRows, type RowOrigins } from "./row-origins.js";
import { dataWires, isOperation, isPassedOn, nameOf, readersOf, setFunction } from "./steps.js";
import { numbered, shortNames, symbolOf } from "./symbols.js";
import type { Step, Wire, Wiring } from "./wiring.js";

/** A part of a sum: the node it comes from and the weights on its way. */
interface Term {
  readonly node: number;
  readonly labels: readonly string[];
  /** Whether it is the last of a sequence. */
  readonly last?: boolean;
  readonly rows?: RowOrigins;
}

/** The longest part of a cell that is looked at as one function. */
const mostSteps = 24;

/**
 * The units of a model and what goes between them. Products with weights are arrows that bear the weight's name, biases are left out; sums
 * of weighted values belong to the unit that they go into; a function of several ops that has a name is one unit.
 */
export function unitsOf(wiring: Wiring): Diagram {
  const { wires, steps, entries, memories, results, rows } = wiring;
  const nodes: { -readonly [K in keyof DiagramNode]: DiagramNode[K] }[] = [];
  const edges: DiagramEdge[] = [];
  const maker = new Map<Wire, Step>();
  for (const step of steps) for (const wire of step.outputs) maker.set(wire, step);
  const data = dataWires(wiring);
  const isData = (wire: Wire) => data[wire]!;
  const last = lastCommonWires(wires.length, steps, isData);
  const readers = readersOf(wiring, isData);
  const kept = new Set([...memories.map((m) => m.next), ...results.map((r) => r.wire)]);
  const names = shortNames([...entries.values()].filter((e) => e.kind === "weight").map((e) => e.name));
  const known = new Map<Wire, readonly Term[]>();

  const newNode = (node: Partial<DiagramNode> & Pick<DiagramNode, "kind" | "symbol">): number =>
    nodes.push({ names: [], isState: false, over: 0, ...node }) - 1;
  const connect = (terms: readonly Term[], to: number) => {
    for (const { node, labels, last, rows } of terms)
      edges.push({
        from: node,
        to,
        label: labels.join(" "),
        ...(last ? { last } : {}),
        ...(rows ? { rows } : {}),
      });
  };
  const termsOf = (wire: Wire): readonly Term[] => {
    let terms = known.get(wire);
    if (!terms) {
      terms = merged(findTerms(wire));
      known.set(wire, terms);
    }
    return terms;
  };
  const single = (node: number): readonly Term[] => [{ node, labels: [] }];
  const unit = (
    kind: DiagramNode["kind"],
    symbol: string,
    inputs: readonly Wire[],
    wire: Wire,
  ): readonly Term[] => {
    const terms = merged(inputs.flatMap(termsOf));
    const node = newNode({ kind, symbol, over: rows[wire]! });
    connect(terms, node);
    return single(node);
  };
  const labelled = (terms: readonly Term[], label: string): readonly Term[] =>
    terms.map((term) => ({ ...term, labels: [...term.labels, label] }));
  const weightName = (wire: Wire): string => weightsOf(wire).join(" ") || "";
  const weightsOf = (wire: Wire): string[] => {
    const entry = entries.get(wire);
    if (entry) return entry.kind === "weight" ? [names.get(entry.name)!] : [];
    return [...new Set(maker.get(wire)?.inputs.flatMap(weightsOf) ?? [])];
  };

  /** The terms of an operand whose rows a step moves. */
  const moved = (step: Step, operand: Wire): readonly Term[] => {
    const move = movedRows(wiring, step, operand);
    if (move === null) return termsOf(operand);
    return termsOf(operand).map((term) => ({ ...term, rows: followed(term.rows ?? null, move) }));
  };

  const findTerms = (wire: Wire): readonly Term[] => {
    if (!isData(wire)) return [];
    const entry = entries.get(wire);
    if (entry) return single(newNode({ kind: "input", symbol: entry.name, over: rows[wire]! }));
    const step = maker.get(wire);
    if (!step) return single(newNode({ kind: "read", symbol: "", over: rows[wire]! }));
    const whole = wholeFunction(wire);
    if (whole) return unit("unit", whole.name, [whole.from], wire);
    const { op, inputs } = step;
    const moving = inputs.filter(isData);
    if (op === "sum") return unit("operation", "Σ", moving, wire);
    if (op === "last") return termsOf(inputs[0]!).map((term) => ({ ...term, last: true }));
    if (op === "members") return termsOf(inputs[0]!).map(({ rows: _, ...term }) => term);
    if (isPassedOn(step)) return moving.flatMap((i) => moved(step, i));
    const fixed = inputs.filter((i) => !isData(i));
    const weights = fixed.map(weightName).filter((n) => n !== "");
    switch (op.name) {
      case "equal":
        // One-hot: what the weights behind it look up.
        if (fixed.some((i) => maker.has(i) && nameOf(maker.get(i)!) === "iota")) return termsOf(moving[0]!);
        break;
      case "matmul":
      case "outer":
      case "gather":
        if (moving.length === 1 && weights.length > 0) return labelled(termsOf(moving[0]!), weights[0]!);
        if (op.name === "gather" && moving.length === 1 && moving[0] === inputs[0])
          return moved(step, moving[0]!);
        break;
      case "neg":
        return labelled(termsOf(moving[0]!), "−");
      case "mul":
      case "div": {
        if (moving.length > 1 || (op.name === "div" && moving[0] !== inputs[0])) break;
        const factor = weights[0] ?? scaleOf(wire, moving[0]!, step);
        return factor === "" ? termsOf(moving[0]!) : labelled(termsOf(moving[0]!), factor);
      }
      case "add":
      case "sub": {
        if (op.name === "sub" && moving.length === 1 && moving[0] === inputs[1]) {
          const from = weights.length > 0 ? weights[0]! : constantOf(fixed[0]!);
          if (from !== null && from !== "0") return unit("unit", `${from} −`, moving, wire);
          return labelled(termsOf(moving[0]!), "−");
        }
        const terms = merged(
          moving.flatMap((i) =>
            op.name === "sub" && i === inputs[1] ? labelled(termsOf(i), "−") : termsOf(i),
          ),
        );
        const isSum = moving.length > 1 && terms.every(({ labels }) => labels.every((l) => l === "−"));
        // A sum that goes into one sum more is part of it.
        const next = readers.get(wire);
        const joins = next?.length === 1 && nameOf(next[0]!) === "add" && !kept.has(wire);
        if (!isSum || joins) return terms;
        const node = newNode({ kind: "operation", symbol: "+", over: rows[wire]! });
        connect(terms, node);
        return single(node);
      }
      case "reduceSum": {
        // A dot product.
        const product = maker.get(moving[0]!);
        if (
          product &&
          nameOf(product) === "mul" &&
          product.inputs.every(isData) &&
          readers.get(moving[0]!)?.length === 1
        )
          return unit("operation", "·", product.inputs, wire);
      }
    }
    return unit(isOperation(op.name) ? "operation" : "unit", symbolOf(op.name), moving, wire);
  };

  /** The longest function with a name that ends at a wire. */
  const wholeFunction = (wire: Wire): { readonly name: string; readonly from: Wire } | null => {
    let best: { readonly name: string; readonly from: Wire } | null = null;
    for (let from = last[wire] ?? null; from !== null; from = last[from] ?? null) {
      const between = stepsBetween(from, wire);
      if (between === null || between.length > mostSteps) break;
      // One op has a name of its own, but for a product of a value with itself.
      const [only, ...more] = between.filter((step) => !isPassedOn(step));
      if (more.length === 0 && (only?.inputs.filter(isData).length ?? 0) < 2) continue;
      const name = knownFunction(wiring, between, from, wire) ?? setFunction(between);
      if (name) best = { name, from };
    }
    return best;
  };

  /** The steps from one wire to another, in order; null where weights take part or something on the way is used elsewhere. */
  const stepsBetween = (from: Wire, to: Wire): Step[] | null => {
    const found = new Set<Step>();
    const visit = (wire: Wire): boolean => {
      if (wire === from) return true;
      const step = maker.get(wire);
      if (!step) return !isData(wire) && entries.get(wire)?.kind !== "weight";
      if (found.has(step)) return true;
      if (typeof step.op === "string") return false;
      found.add(step);
      return step.inputs.every(visit);
    };
    if (!visit(to)) return null;
    for (const step of found)
      for (const wire of step.outputs)
        if (wire !== to && isData(wire) && (kept.has(wire) || readers.get(wire)?.some((r) => !found.has(r))))
          return null;
    return steps.filter((step) => found.has(step));
  };

  /** The factor between a value and a multiple of it; empty for 1. */
  const scaleOf = (wire: Wire, from: Wire, step: Step): string => {
    const between = stepsBetween(from, wire);
    const run = between && numbersOf(wiring, between, from, wire);
    if (!run) return weightName(step.inputs.find((i) => i !== from) ?? from);
    const factor = run.got[0]! / run.numbers[0]!;
    return Math.abs(factor - 1) < 1e-6 ? "" : `${Number(factor.toPrecision(3))}`;
  };
  const constantOf = (wire: Wire): string | null => {
    const step = maker.get(wire);
    return step && nameOf(step) === "constant" ? `${step.attrs.value}` : null;
  };

  // The results last, so that a state that is put out is a state first.
  const rootOf = (wire: Wire, asOutput: string | null): number => {
    const terms = termsOf(wire);
    const [term] = terms;
    if (terms.length === 1 && term!.labels.length === 0 && !term!.last && !term!.rows) return term!.node;
    const node = newNode({
      kind: asOutput === null ? "operation" : "result",
      symbol: asOutput ?? (terms.length > 1 ? "+" : ""),
      over: rows[wire]!,
    });
    connect(terms, node);
    known.set(wire, single(node));
    return node;
  };
  const slotNames = numbered(memories.map((m) => m.name));
  const states = memories.map(({ next }, m) => {
    const node = rootOf(next, null);
    nodes[node]!.names = [...new Set([...nodes[node]!.names, slotNames[m]!])];
    nodes[node]!.isState = true;
    return node;
  });
  for (const { name, wire } of results) {
    if (termsOf(wire).length === 0) continue;
    const before = nodes.length;
    const node = rootOf(wire, name);
    if (nodes.length > before) continue;
    edges.push({ from: node, to: newNode({ kind: "output", symbol: name, over: rows[wire]! }), label: "" });
  }
  memories.forEach(({ reads, over, initial }, m) => {
    for (const { wire, port } of reads) {
      const [used] = known.get(wire) ?? [];
      if (used && initial !== null)
        for (const { node, labels, last } of termsOf(initial))
          edges.push({
            from: node,
            to: used.node,
            label: labels.join(" "),
            first: true,
            ...(last ? { last } : {}),
          });
      if (used)
        edges.push({
          from: states[m]!,
          to: used.node,
          label: "",
          delay: { slot: slotNames[m]!, port, over },
        });
    }
  });
  return { nodes, edges };
}

/** Each source with each weight once. */
function merged(terms: readonly Term[]): readonly Term[] {
  const seen = new Set<string>();
  return terms.filter(({ node, labels, last, rows }) => {
    const key = `${node} ${labels.join(" ")} ${last} ${rows ? JSON.stringify(rows) : ""}`;
    return !seen.has(key) && seen.add(key);
  });
}
