import type { Equation } from "../autodiff/index.js";
import {
  add,
  applyAll,
  argmax,
  argmaxToOp,
  concat,
  constant,
  gather,
  max,
  maxToOp,
  pickToOp,
  reshape,
  type Scope,
  slice,
  spreadToOp,
  sumToOp,
} from "../ops/index.js";
import { setNumber, setSpaces } from "../program/index.js";
import type { Value } from "../tensor/index.js";
import type { Layout } from "./layout.js";

/** Whether an equation adds up over nodes: what is done once all of them are there. */
export function isOverNodes({ op, attrs }: Equation): boolean {
  return op === sumToOp && (attrs.from === "node" || (isPair(attrs.from) && attrs.to !== "node"));
}

function isPair(scope: Scope): boolean {
  return setSpaces.some(({ pair }) => pair === scope);
}

/** In the plain loop: the values at one node of what differs per member of a set, or per edge that leads to it, member by member. */
export class SetMembers {
  private readonly values = new Map<Value, readonly Value[]>();

  /** @param node null for a sequence without nodes: of it there are values per member, and none per pair */
  constructor(
    private readonly layout: Layout,
    private readonly sequence: number,
    private readonly node: number | null,
    /** The stepped edges that lead to the node, where it reads them edge by edge; else none are here. */
    private readonly edges: readonly number[] | null,
  ) {}

  /** Whether values of a scope differ per member. */
  has(scope: Scope): boolean {
    if (scope === "edge") return this.edges !== null;
    return setNumber(scope) >= 0;
  }

  /** Whether an equation gives a value per member, or takes one. */
  takePart({ op, attrs, outputs }: Equation): boolean {
    return this.has(outputs[0]!.scope) || (isReduction(op) && this.has(attrs.from));
  }

  /** The row of a value of this scope at a member of the node's own set. */
  rowAt(scope: Scope, position: number): number {
    if (scope === "edge") return this.edges![position]!;
    const k = setNumber(scope);
    const isPair = scope === setSpaces[k]!.pair;
    const first = isPair
      ? this.layout.pairs(k).begin[this.node!]
      : this.layout.structure.sets[k]!.begin[this.sequence];
    return first! + position;
  }

  /** Takes an operand apart. */
  enter(variable: Value & { readonly scope: Scope }, operand: Value): void {
    const rows = Array.from({ length: this.size(variable.scope) }, (_, m) => {
      const r = this.rowAt(variable.scope, m);
      return reshape(slice(operand, 0, r, r + 1), operand.shape.slice(1));
    });
    this.values.set(variable, rows);
  }

  /** Takes values that are there member by member. */
  enterEach(variable: Value, rows: readonly Value[]): void {
    this.values.set(variable, rows);
  }

  /** A value at each member. */
  rowsOf(v: Value, env: ReadonlyMap<Value, Value>): readonly Value[] {
    const rows = this.values.get(v);
    if (rows) return rows;
    const { scope } = v as Value & { readonly scope: Scope };
    return Array.from({ length: this.size(scope) }, () => env.get(v) ?? v);
  }

  /** Evaluates an equation member by member, or over the members. */
  evaluate(eq: Equation, env: Map<Value, Value>): void {
    const { op, attrs, inputs, outputs } = eq;
    const out = outputs[0]!;
    if (isReduction(op) && this.has(attrs.from)) {
      const rows = this.values.get(inputs[0]!) ?? this.repeated(inputs[0]!, attrs.from, env);
      env.set(
        out,
        reduce(op, rows, out, () => env.get(inputs[1]!)!),
      );
      return;
    }
    const at = (v: Value, m: number) => this.values.get(v)?.[m] ?? env.get(v) ?? v;
    const rows = Array.from({ length: this.size(out.scope) }, (_, m) =>
      op === spreadToOp
        ? at(inputs[0]!, m)
        : applyAll(
            op,
            attrs,
            inputs.map((v) => at(v, m)),
          )[0]!,
    );
    this.values.set(out, rows);
  }

  private repeated(v: Value, scope: Scope, env: ReadonlyMap<Value, Value>): readonly Value[] {
    return Array.from({ length: this.size(scope) }, () => env.get(v) ?? v);
  }

  private size(scope: Scope): number {
    if (scope === "edge") return this.edges!.length;
    const k = setNumber(scope);
    return this.layout.structure.sets[k]!.sizes[this.sequence]!;
  }
}

function isReduction(op: Equation["op"]): boolean {
  return op === sumToOp || op === maxToOp || op === argmaxToOp || op === pickToOp;
}

/** What a reduction over members means, in ordinary ops. */
function reduce(op: Equation["op"], rows: readonly Value[], out: Value, index: () => Value): Value {
  if (rows.length === 0) {
    const empty = op === maxToOp ? -Infinity : op === argmaxToOp ? -1 : 0;
    return constant(empty, out.shape, out.dtype);
  }
  if (op === sumToOp) return rows.reduce((a, b) => add(a, b));
  const stacked = concat(
    rows.map((v) => reshape(v, [1, ...v.shape])),
    0,
  );
  if (op === maxToOp) return max(stacked, 0);
  return op === argmaxToOp ? argmax(stacked, 0) : gather(stacked, index());
}
