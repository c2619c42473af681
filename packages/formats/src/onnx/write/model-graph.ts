import type { Value } from "longspan";
import type { Equation } from "longspan/engine";
import type { Dims } from "./dims.js";
import type { FoundChains } from "./padded-chains.js";
import type { ModelInput, Run } from "./record.js";
import type { Region, Written } from "./region.js";

/** A recorded model on its way into a graph, as what writes a part of it sees it. */
export interface ModelGraph {
  readonly dims: Dims;
  readonly region: Region;
  readonly runs: readonly [Run, Run];
  readonly found: FoundChains;
  /** A value as it stands in the graph. @param b the same in the other run */
  operand(a: Value, b: Value, where: string): Written;
  /** An input as the values of the graph. */
  enter(input: ModelInput): Written;
  /** The equations that make a value in both runs. */
  producerOf(value: Value): readonly [Equation, Equation] | undefined;
}
