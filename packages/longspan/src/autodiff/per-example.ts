import {
  type Attrs,
  type Aval,
  apply,
  applyAll,
  constant,
  gather,
  type Interpreter,
  type Linear,
  noOwner,
  type Op,
  type Owners,
  slice,
  Traced,
  where,
} from "../ops/index.js";
import { type DType, fromArray, type Shape, type Value } from "../tensor/index.js";

/**
 * One value for each example of a batch, all of one shape: what a cotangent is where each example has a loss of its own.
 *
 * Most such values are row by row: a row belongs to one example and is zero for all others. Then the rows are kept once, with
 * their owners, and what acts row by row runs once for all examples. Where rows are added up, at the parameters, each
 * example has a part of its own; undefined is a zero that is known to be one.
 */
export class PerExample extends Traced {
  constructor(
    readonly interpreter: ExampleLevel,
    readonly shape: Shape,
    readonly dtype: DType,
    readonly held: { readonly rows: Value; readonly owners: Owners } | { readonly parts: readonly Linear[] },
  ) {
    super();
  }
}

/** An op that has a rule of its own for operands that differ per example, such as `unfold`. */
export interface PerExampleRule {
  /** The results; null where the rule does not apply, and each example goes through the op alone. */
  readonly perExample: (
    attrs: Attrs,
    inputs: readonly Value[],
    level: ExampleLevel,
  ) => readonly Value[] | null;
}

/** Applies ops to values that differ per example. The ops are those of a transposed linear function: zero gives zero. */
export class ExampleLevel implements Interpreter {
  constructor(
    readonly level: number,
    readonly examples: number,
  ) {}

  /** A value each of whose rows belongs to one example. */
  rows(rows: Value, owners: Owners): PerExample {
    return new PerExample(this, rows.shape, rows.dtype, { rows, owners });
  }

  /** The rows and their owners, if that is how a value is kept. */
  held(v: Value): { readonly rows: Value; readonly owners: Owners } | null {
    return this.isOwn(v) && "rows" in v.held ? v.held : null;
  }

  /** Whether a value differs per example. */
  isOwn(v: Value): v is PerExample {
    return v instanceof PerExample && v.interpreter === this;
  }

  /** The value of one example; undefined for a known zero. */
  part(v: Value, example: number): Linear {
    if (!this.isOwn(v)) return v;
    if ("parts" in v.held) return v.held.parts[example];
    const { rows, owners } = v.held;
    if (!owners.includes(example)) return undefined;
    const mine = fromArray(
      owners.map((o) => (o === example ? 1 : 0)),
      [owners.length, ...v.shape.slice(1).map(() => 1)],
      "int32",
    );
    return where(mine, rows, 0);
  }

  process(op: Op & Partial<PerExampleRule>, attrs: Attrs, inputs: readonly Value[]): readonly Value[] {
    if (op.perExample) return op.perExample(attrs, inputs, this) ?? this.oneByOne(op, attrs, inputs);
    const result = this.rowByRow(op, attrs, inputs) ?? this.summed(op, attrs, inputs);
    return result ? [result] : this.oneByOne(op, attrs, inputs);
  }

  /** Once for all examples, where every row of the result belongs to one of them. */
  private rowByRow(op: Op, attrs: Attrs, inputs: readonly Value[]): PerExample | null {
    const own = inputs.map((v) => this.held(v));
    if (inputs.some((v, i) => this.isOwn(v) && own[i] === null)) return null;
    const out = op.infer(attrs, inputs)[0]!;
    const owners =
      op.owners?.(
        { attrs, inputs, outputs: [out] },
        own.map((h) => h?.owners),
      ) ?? (actsByRows(op, attrs, inputs, out, own) ? joined(own) : null);
    if (owners === null) return null;
    const rows = inputs.map((v, i) => own[i]?.rows ?? v);
    return this.rows(apply(op, attrs, ...rows), owners);
  }

  /** A sum over rows: for each example that over its own. */
  private summed(op: Op, attrs: Attrs, inputs: readonly Value[]): PerExample | null {
    const { lowering } = op;
    if (lowering.kind !== "map" && lowering.kind !== "instruction") return null;
    const whole = lowering.whole?.(attrs, inputs);
    const own = inputs.map((v) => this.held(v));
    if (!whole || inputs.some((v, i) => this.isOwn(v) && (own[i] === null || !whole.rows[i]))) return null;
    const owners = joined(own);
    if (owners === null) return null;
    const { order, begin } = grouped(owners, this.examples);
    const sorted = inputs.map((v, i) => {
      const rows = own[i]?.rows ?? v;
      return whole.rows[i] && order ? gather(rows, order) : rows;
    });
    const parts = Array.from({ length: this.examples }, (_, e) => {
      const [from, to] = [begin[e]!, begin[e + 1]!];
      if (from === to) return undefined;
      return apply(op, attrs, ...sorted.map((v, i) => (whole.rows[i] ? slice(v, 0, from, to) : v)));
    });
    const { shape, dtype } = op.infer(attrs, inputs)[0]!;
    return new PerExample(this, shape, dtype, { parts });
  }

  /** The op on each example alone. */
  private oneByOne(op: Op, attrs: Attrs, inputs: readonly Value[]): readonly Value[] {
    const results = op.infer(attrs, inputs).map((aval) => ({ aval, parts: [] as Linear[] }));
    for (let e = 0; e < this.examples; e++) {
      const parts = inputs.map((v) => this.part(v, e));
      const none = inputs.every((v, i) => !this.isOwn(v) || parts[i] === undefined);
      const applied = none
        ? null
        : applyAll(
            op,
            attrs,
            parts.map((p, i) => p ?? constant(0, inputs[i]!.shape, inputs[i]!.dtype)),
          );
      results.forEach((r, i) => void r.parts.push(applied?.[i]));
    }
    return results.map(({ aval, parts }) => new PerExample(this, aval.shape, aval.dtype, { parts }));
  }
}

type Held = ReturnType<ExampleLevel["held"]>;

/** Whether an op acts along axis 0 row by row, on operands that differ per example as on the others. */
function actsByRows(
  { lowering }: Op,
  attrs: Attrs,
  inputs: readonly Value[],
  out: Aval,
  own: readonly Held[],
): boolean {
  if (out.shape.length === 0 || (lowering.kind !== "map" && lowering.kind !== "instruction")) return false;
  if (lowering.kind === "map" && lowering.elementwise) return true;
  const cut = lowering.byRows?.(attrs, inputs, out);
  return cut ? own.every((h, i) => h === null || cut.rows[i]!) : false;
}

/** The owners of rows that are worked through in step; null where a row belongs to two examples. */
function joined(own: readonly Held[]): Owners | null {
  const [first, ...others] = own.flatMap((h) => (h === null ? [] : [h.owners]));
  if (others.length === 0) return first!;
  const owners = first!.slice();
  for (const other of others)
    for (let r = 0; r < owners.length; r++) {
      if (owners[r] === noOwner) owners[r] = other[r]!;
      else if (other[r] !== noOwner && other[r] !== owners[r]) return null;
    }
  return owners;
}

/** Where each example's rows begin once they lie together, and the order that brings them there; null if they do already. */
function grouped(owners: Owners, examples: number): { order: Value | null; begin: Int32Array } {
  const begin = new Int32Array(examples + 1);
  for (const o of owners) if (o !== noOwner) begin[o + 1]! += 1;
  for (let e = 0; e < examples; e++) begin[e + 1]! += begin[e]!;
  const next = begin.slice();
  const order = new Int32Array(begin[examples]!);
  owners.forEach((o, row) => {
    if (o === noOwner) return;
    order[next[o]!] = row;
    next[o]! += 1;
  });
  const inPlace = order.every((row, i) => row === i);
  return { order: inPlace ? null : fromArray(order, [order.length], "int32"), begin };
}
