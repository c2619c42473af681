import type { DType } from "longspan";
import { OnnxError } from "../error.js";
import type { Dim } from "./dims.js";
import type { GraphWriter } from "./graph-writer.js";

/**
 * A value in the file. Inside a cell it has leading axes for the rows that have their own: none where all share it, [batch] for one per
 * sequence, [time, batch] for one per step or per member of a set. Its shape is that of one row.
 */
export interface Written {
  readonly name: string;
  readonly dtype: DType;
  readonly lead: number;
  readonly shape: readonly Dim[];
}

/** A part of a graph that is being written: its nodes, and the sizes of leading axes there. */
export class Region {
  private readonly conditions = new Map<string, string>();

  /**
   * @param what who writes, for messages
   * @param size the tensor that holds a named size, int64 [1]
   * @param leads by number of leading axes, the names of their sizes
   */
  constructor(
    readonly what: string,
    readonly graph: GraphWriter,
    readonly size: (name: string) => string,
    readonly leads: readonly (readonly string[])[],
    /** Which members of a set there are, bool [time, batch]; null where all are. */
    readonly members: string | null = null,
  ) {}

  /** A shape as a tensor, int64 [axes]. */
  shapeOf(lead: number, shape: readonly Dim[]): string {
    const parts = [...this.leads[lead]!.map((name) => this.size(name)), ...this.sizesOf(shape)];
    return parts.length === 1 ? parts[0]! : this.graph.op("Concat", parts, { axis: 0 });
  }

  /** The tensors that a shape is joined from; fixed sizes that stand side by side are one. */
  private sizesOf(shape: readonly Dim[]): string[] {
    const parts: string[] = [];
    let fixed: number[] = [];
    const flush = () => {
      if (fixed.length > 0) parts.push(this.graph.ints(fixed));
      fixed = [];
    };
    for (const dim of shape) {
      if (typeof dim === "number") fixed.push(dim);
      else {
        flush();
        parts.push(this.dimSize(dim));
      }
    }
    flush();
    return parts.length === 0 ? [this.graph.ints([])] : parts;
  }

  /** A size as a tensor, int64 [1]. */
  dimSize(dim: Dim): string {
    if (typeof dim === "number") return this.graph.ints([dim]);
    const product = dim.names.map((name) => this.size(name)).reduce((a, b) => this.graph.op("Mul", [a, b]));
    return dim.times === 1 ? product : this.graph.op("Mul", [product, this.graph.ints([dim.times])]);
  }

  /** The same elements under another shape, leading axes kept. */
  reshape(x: Written, shape: readonly Dim[]): string {
    const open = x.lead + shape.filter((dim) => typeof dim !== "number").length;
    const target =
      x.lead <= 1 && open <= 1
        ? this.graph.ints([
            ...(x.lead ? [-1] : []),
            ...shape.map((dim) => (typeof dim === "number" ? dim : -1)),
          ])
        : this.shapeOf(x.lead, shape);
    return this.graph.op("Reshape", [x.name, target]);
  }

  /** With so many axes of its own, by axes of size 1 in front of them, so that it broadcasts. */
  raised(x: Written, rank: number): string {
    const missing = rank - x.shape.length;
    if (missing <= 0 || x.lead === 0) return x.name;
    return this.unsqueeze(
      x.name,
      Array.from({ length: missing }, (_, k) => x.lead + k),
    );
  }

  unsqueeze(name: string, axes: readonly number[]): string {
    return this.graph.op("Unsqueeze", [name, this.graph.ints(axes)]);
  }

  squeeze(name: string, axes: readonly number[]): string {
    return this.graph.op("Squeeze", [name, this.graph.ints(axes)]);
  }

  /** With so many leading axes, by repeating it. */
  spread(x: Written, lead: number): Written {
    if (x.lead >= lead) return x;
    const name = this.graph.op("Expand", [x.name, this.shapeOf(lead, x.shape)]);
    return { ...x, name, lead };
  }

  /** A value per member of a set, with a number where there is no member. */
  masked(x: Written, none: number): string {
    if (this.members === null) return x.name;
    const axes = x.shape.map((_, k) => 2 + k);
    const isThere = axes.length > 0 ? this.unsqueeze(this.members, axes) : this.members;
    return this.graph.op("Where", [isThere, x.name, this.graph.scalar(none, x.dtype)]);
  }

  /** A comparison's result as numbers, 0 or 1. */
  number(condition: string): string {
    const name = this.graph.cast(condition, "int32");
    this.conditions.set(name, condition);
    return name;
  }

  /** The condition that numbers stand for. */
  condition(name: string): string {
    return this.conditions.get(name) ?? this.graph.cast(name, "bool");
  }

  refuse(
    where: string,
    found: string,
    remedy = "write the layers before and after it as models of their own",
  ): never {
    throw new OnnxError(this.what, { where, found, remedy });
  }
}
