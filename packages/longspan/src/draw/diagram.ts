import type { RowOrigins } from "./row-origins.js";

/** What a node of a drawing stands for. */
export type NodeKind =
  /** What comes from outside: an input, the members of a set. */
  | "input"
  /** What comes along the edges of the structure, where several read it. */
  | "read"
  /** A squashing unit or another function. */
  | "unit"
  /** A sum, a product, a choice. */
  | "operation"
  /** A sum of weighted values that is put out: o = c + V h. */
  | "result"
  /** A name alone, for a result that is a state or a unit. */
  | "output";

/** A node of a drawing. */
export interface DiagramNode {
  readonly kind: NodeKind;
  /** What is written in it. */
  readonly symbol: string;
  /** The variables that it gives, such as the slots of a state. */
  readonly names: readonly string[];
  /** Whether it gives a slot of a state. */
  readonly isState: boolean;
  /** The structure that it has a copy per node of, by number; null for one per sequence. */
  readonly over: number | null;
}

/** An arrow. */
export interface DiagramEdge {
  readonly from: number;
  readonly to: number;
  /** The weights that it stands for; empty where the value itself goes along. */
  readonly label: string;
  /** Where it crosses from one node of the structure to the next: the slot, the way in and the structure. */
  readonly delay?: Delay;
  /** Whether it comes from the last node of a sequence alone. */
  readonly last?: boolean;
  /** Per row of the node that it leads to, the rows that it comes from, where they are not the same. */
  readonly rows?: RowOrigins;
  /** Whether it goes to the first node of a sequence alone. */
  readonly first?: boolean;
}

/** How a state gets to the next node of a structure. */
export interface Delay {
  readonly slot: string;
  readonly port: string;
  readonly over: number;
}

/** A drawing before anything has a place: nodes by number, and arrows between them. */
export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}
