import { dependents, type Equation, type ExampleLevel, evaluate, producersOf } from "../autodiff/index.js";
import { type CellGraph, reenter, simplify, substitute } from "../cell/index.js";
import {
  apply,
  JoinedOwners,
  matmulOp,
  type Owners,
  outerOp,
  type Scope,
  sum,
  sumToOp,
  withAmbient,
} from "../ops/index.js";
import type { Value } from "../tensor/index.js";
import { remembered } from "./derived-cells.js";
import { parentRows } from "./row-spaces.js";
import { layoutOf } from "./schedule.js";
import { type Structure, zeroState } from "./structures/structure.js";

/** An application of an unfold, as far as it matters here. Operands: the cell's values, then initial states. */
export interface Application {
  readonly cell: CellGraph;
  readonly structure: Structure;
  /** Runs another cell of the same ports over the same structure. */
  readonly run: (cell: CellGraph, inputs: readonly Value[]) => readonly Value[];
}

/**
 * An unfold whose operands differ per example: the transposed one, where each example has cotangents of its own. It runs once.
 * What it would add up over all nodes is cut off before the sum; the factors of outer products leave as rows, so that the
 * sum over the rows of each example is a product of matrices; other terms are added up per sequence.
 *
 * Null where the rows of one sequence belong to several examples, and where the cell reads a sum over all nodes again.
 */
export function unfoldPerExample(
  { cell, structure, run }: Application,
  inputs: readonly Value[],
  level: ExampleLevel,
): readonly Value[] | null {
  const perSequence = ownersOfSequences(cell, structure, inputs, level);
  const cut = remembered(cuts, cell, "cut", () => cutSums(cell));
  if (perSequence === null || cut === null) return null;
  const owned = (rows: Value, sequenceOf: Int32Array): Value =>
    level.rows(
      rows,
      sequenceOf.map((s) => perSequence[s]!),
    );
  const layout = layoutOf(structure, cell);

  const results = run(
    cut.cell,
    inputs.map((v) => level.held(v)?.rows ?? v),
  );
  const leaving = cut.cell.outputs.map((o, i) => owned(results[i]!, parentRows(layout, o.scope, "sequence")));
  const env = new Map<Value, Value>(cell.values.map((v, i) => [v.variable, inputs[i]!]));
  for (const { total, of } of cut.sums) {
    const [a, b] = of.map((f) => (f.from === "value" ? inputs[f.index]! : leaving[f.index]!));
    env.set(
      total,
      b === undefined ? sum(a!, 0) : apply(matmulOp, { transposeA: true, transposeB: false }, a!, b),
    );
  }
  evaluate(cut.rest, env);
  const outputs = cell.outputs.map((o, i) =>
    o.scope === "one" ? (env.get(o.value) ?? o.value) : leaving[cut.kept[i]!]!,
  );
  const sinks = sequencesOfEnds(structure, "to");
  return [...outputs, ...results.slice(cut.cell.outputs.length).map((v) => owned(v, sinks))];
}

/** A cell without its sums over all nodes. */
interface CutCell {
  readonly cell: CellGraph;
  /** By output of the original, its index among those of the cut cell, if it has one. */
  readonly kept: readonly number[];
  /** Each sum over all nodes: of the rows of one value, or of the outer products of two. */
  readonly sums: readonly { readonly total: Value; readonly of: readonly Source[] }[];
  /** What follows from the sums. */
  readonly rest: readonly Equation[];
}

/** An operand, or an output of the cut cell. */
interface Source {
  readonly from: "value" | "output";
  readonly index: number;
}

const cuts = new WeakMap<CellGraph, Map<string, CutCell | null>>();

function cutSums(cell: CellGraph): CutCell | null {
  const producer = producersOf(cell.equations);
  const isTotal = (eq: Equation) => eq.op === sumToOp && eq.attrs.to === "one";

  const following = afterSums(cell, producer, isTotal);
  if (following === null) return null;
  const { trace, env, cell: entered } = reenter(cell);
  const outputs = cell.outputs.filter((o) => o.scope !== "one").map((o) => ({ ...o }));
  const sums: { total: Value; of: Source[] }[] = [];
  withAmbient(trace, () => {
    evaluate(
      cell.equations.filter((eq) => !eq.outputs.some((v) => following.fromSums.has(v))),
      env,
    );
    const leaves = (value: Value, scope: Scope): Source => {
      const index = cell.values.findIndex((v) => v.variable === value && v.variable.scope === scope);
      if (index >= 0) return { from: "value", index };
      outputs.push({ name: `term${outputs.length}`, value, scope });
      return { from: "output", index: outputs.length - 1 };
    };
    for (const eq of cell.equations.filter(isTotal)) {
      const [term] = eq.inputs as [Value];
      const factors = producer.get(term);
      const from = eq.attrs.from as Scope;
      if (factors?.op === outerOp && factors.inputs.every((v) => scopeOf(v) === "node"))
        sums.push({ total: eq.outputs[0]!, of: factors.inputs.map((v) => leaves(v, "node")) });
      else if (from === "sequence") sums.push({ total: eq.outputs[0]!, of: [leaves(term, "sequence")] });
      else {
        const perSequence = apply(sumToOp, { from, to: "sequence" }, env.get(term) ?? term);
        outputs.push({ name: `term${outputs.length}`, value: perSequence, scope: "sequence" });
        sums.push({ total: eq.outputs[0]!, of: [{ from: "output", index: outputs.length - 1 }] });
      }
    }
  });
  let kept = 0;
  return {
    cell: simplify(substitute({ ...entered, outputs }, trace.equations, (v) => env.get(v) ?? v)),
    kept: cell.outputs.map((o) => (o.scope === "one" ? -1 : kept++)),
    sums,
    rest: following.equations,
  };
}

/**
 * What follows from the sums over all nodes, and the equations that give the outputs which all nodes share, from there on. Null if
 * anything else depends on the sums.
 */
function afterSums(
  cell: CellGraph,
  producer: ReadonlyMap<Value, Equation>,
  isTotal: (eq: Equation) => boolean,
): { readonly fromSums: ReadonlySet<Value>; readonly equations: readonly Equation[] } | null {
  const needed = new Set<Equation>();
  const isShared = (v: Value): boolean => {
    const eq = producer.get(v);
    if (scopeOf(v) !== "one") return false;
    if (eq === undefined || isTotal(eq) || needed.has(eq)) return true;
    needed.add(eq);
    return eq.inputs.every(isShared);
  };
  if (!cell.outputs.every((o) => o.scope !== "one" || isShared(o.value))) return null;
  const totals = cell.equations.filter(isTotal).flatMap((eq) => eq.outputs);
  const fromSums = dependents(cell.equations, totals);
  const follows = (eq: Equation) => !isTotal(eq) && eq.outputs.some((v) => fromSums.has(v));
  if (cell.equations.some((eq) => follows(eq) && !needed.has(eq))) return null;
  const elsewhere = [
    ...cell.stateOut.flat(),
    ...(cell.edge?.message ?? []),
    ...cell.outputs.filter((o) => o.scope !== "one").map((o) => o.value),
  ];
  if (elsewhere.some((v) => fromSums.has(v))) return null;
  return { fromSums, equations: cell.equations.filter((eq) => needed.has(eq)) };
}

/** Which example each sequence belongs to, from the rows of all operands; null if a sequence belongs to two. */
function ownersOfSequences(
  cell: CellGraph,
  structure: Structure,
  inputs: readonly Value[],
  level: ExampleLevel,
): Owners | null {
  const layout = layoutOf(structure, cell);
  const sources = sequencesOfEnds(structure, "from");
  const joined = new JoinedOwners(structure.sequences);
  for (const [i, v] of inputs.entries()) {
    if (!level.isOwn(v)) continue;
    const held = level.held(v);
    const scope = cell.values[i]?.variable.scope;
    if (held === null || scope === "one") return null;
    const sequenceOf = scope === undefined ? sources : parentRows(layout, scope, "sequence");
    held.owners.forEach((o, row) => {
      joined.join(sequenceOf[row]!, o);
    });
  }
  return joined.result();
}

/** The sequence of each source, where edges come `from`, or of each sink, where they go `to`. */
function sequencesOfEnds({ parts }: Structure, end: "from" | "to"): Int32Array {
  const known = end === "from" ? parts.sourceSequence : parts.sinkSequence;
  if (known) return known;
  const ends = parts.edges[end];
  const others = parts.edges[end === "from" ? "to" : "from"];
  const sequences = new Int32Array(end === "from" ? parts.sources : parts.sinks);
  ends.forEach((row, e) => {
    if (row >= 0 || row === zeroState) return;
    const node = others[e]!;
    // A sequence of length 0 has its source and its sink, and a tree without nodes its sink, by its number.
    sequences[-row - 1] = node >= 0 ? parts.sequenceOf[node]! : -row - 1;
  });
  return sequences;
}

function scopeOf(v: Value): Scope {
  return (v as Value & { scope?: Scope }).scope ?? "one";
}
