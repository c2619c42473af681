import type { ParamSpec, ParamValues, Shapes, StepContext, ValuesOf } from "../../cell/index.js";
import { having, type RequiredKind } from "../../check/index.js";
import type { Value } from "../../tensor/index.js";
import type { Members } from "./members.js";

/** The parameters of an addressing, by name. */
export type AddressingSpecs = Readonly<Record<string, ParamSpec>>;

/** Widths that an addressing is made for. */
export interface AddressingSizes {
  /** Features of a query. */
  readonly query: number;
  /** Features of a key. */
  readonly key: number;
}

/** What an addressing is given at a step. */
export interface AddressingCall<P, S> {
  /** [query] */
  readonly query: Value;
  /** Per member [key], or rows [N, key]. */
  readonly keys: Value;
  readonly params: ParamValues<P>;
  /** What it kept from the step before. */
  readonly state: ValuesOf<S>;
  readonly members: Members;
  /** Where it is not 0, a member counts; all by default. */
  readonly mask?: Value | undefined;
  /** For addressings that draw. */
  readonly context?: StepContext;
}

/** What an addressing gives at a step. */
export interface Address<S> {
  /** How much of each member is read: [] per member, or [N]. */
  readonly weights: Value;
  /** What it keeps for the next step. */
  readonly state: ValuesOf<S>;
  /** The logarithm of the probability of what it drew, [], where it draws. */
  readonly logProbability?: Value;
}

/**
 * A way to choose among members by a query: parameters, what is kept from step to step, and a pure function. It serves attention over a set
 * and reads of a memory alike, and knows neither.
 */
export interface Addressing<P extends AddressingSpecs = AddressingSpecs, S extends Shapes = Shapes> {
  /** Its name, in messages. */
  readonly name: string;
  /** The parameters for given widths. @throws ShapeError for widths that it cannot serve */
  specs(sizes: AddressingSizes): P;
  /** What it keeps from step to step; {} for addressing by content. */
  readonly state: S;
  /** The weights of the members. */
  address(call: AddressingCall<P, S>): Address<S>;
  /**
   * The scores of the members, before a softmax makes weights of them: what a pointer takes logarithms of. Absent where weights are made in
   * another way.
   */
  scores?(call: Pick<AddressingCall<P, S>, "query" | "keys" | "params">): Value;
}

/** An addressing, as far as functions that take one need it. */
export const addressingKind: RequiredKind = having(
  "an addressing, such as additiveAddressing({ size: 32 })",
  "specs",
  "address",
);
