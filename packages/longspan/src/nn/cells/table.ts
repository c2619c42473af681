import type { Cell, InputSpec, Shapes } from "../../cell/index.js";
import type { Value } from "../../tensor/index.js";
import { binaryTreeLstm } from "./binary-tree-lstm.js";
import { childSumTreeLstm } from "./child-sum-tree-lstm.js";
import { deltaRule } from "./delta-rule.js";
import { gatedDeltaRule } from "./gated-delta-rule.js";
import { gatedTree } from "./gated-tree.js";
import { globalGateGru } from "./global-gate-gru.js";
import { gru } from "./gru.js";
import { gruResetAfter } from "./gru-reset-after.js";
import { leakyRnn } from "./leaky-rnn.js";
import { linearAttention } from "./linear-attention.js";
import { linearRecurrentUnit } from "./linear-recurrent-unit.js";
import { lstm } from "./lstm.js";
import { mingru } from "./mingru.js";
import { minimalGatedUnit } from "./minimal-gated-unit.js";
import { minlstm } from "./minlstm.js";
import { mlstm } from "./mlstm.js";
import { multidimensionalLstm } from "./multidimensional-lstm.js";
import { naryTreeLstm } from "./nary-tree-lstm.js";
import { orderedMemory } from "./ordered-memory.js";
import { rnn } from "./rnn.js";
import { sharedGateGru } from "./shared-gate-gru.js";
import { slstm } from "./slstm.js";
import { tensorTreeRnn } from "./tensor-tree-rnn.js";
import { treeRnn } from "./tree-rnn.js";
import { withDepth } from "./with-depth.js";

export * from "./binary-tree-lstm.js";
export * from "./child-sum-tree-lstm.js";
export { type DeltaRuleConfig, type DeltaRuleSpecs, deltaRule } from "./delta-rule.js";
export * from "./gated-delta-rule.js";
export * from "./gated-tree.js";
export * from "./global-gate-gru.js";
export type { GroupedConfig } from "./groups.js";
export { type GruConfig, type GruOptions, gru } from "./gru.js";
export * from "./gru-reset-after.js";
export type { FastWeightConfig } from "./heads.js";
export * from "./leaky-rnn.js";
export * from "./linear-attention.js";
export * from "./linear-recurrent-unit.js";
export * from "./lstm.js";
export * from "./mingru.js";
export * from "./minimal-gated-unit.js";
export * from "./minlstm.js";
export * from "./mlstm.js";
export * from "./multidimensional-lstm.js";
export * from "./nary-tree-lstm.js";
export {
  type OrderedMemoryOptions,
  type OrderedMemorySpecs,
  type OrderedMemoryState,
  orderedMemory,
} from "./ordered-memory.js";
export * from "./rnn.js";
export * from "./shared-gate-gru.js";
export * from "./slstm.js";
export * from "./tensor-tree-rnn.js";
export type { NodeSpecs } from "./tree-node.js";
export { type TreeRnnOptions, type TreeRnnSpecs, treeRnn } from "./tree-rnn.js";
export * from "./with-depth.js";

// A cell is its own file and its lines here: models, the command line and the tests of cells follow from its row.

/** The names of the cells that are made for chains. */
export type ChainCellName =
  | "lstm"
  | "gru"
  | "rnn"
  | "peepholeLstm"
  | "coupledLstm"
  | "gruResetAfter"
  | "minimalGatedUnit"
  | "sharedGateGru"
  | "globalGateGru"
  | "deepRnn"
  | "projectedLstm"
  | "mingru"
  | "minlstm"
  | "linearRecurrentUnit"
  | "linearAttention"
  | "deltaRule"
  | "gatedDeltaRule"
  | "mlstm"
  | "slstm"
  | "leakyRnn"
  | "orderedMemory";

/** The names of the cells that are made for trees. */
export type TreeCellName =
  | "binaryTreeLstm"
  | "naryTreeLstm"
  | "childSumTreeLstm"
  | "treeRnn"
  | "tensorTreeRnn"
  | "gatedTree";

/** The names of the cells that are made for grids, with a neighbour in each dimension. */
export type GridCellName = "multidimensionalLstm";

/** The names of the library's cells. */
export type CellName = ChainCellName | TreeCellName | GridCellName;

const oneLayerEach = { inputLayers: 1, transitionLayers: 1, outputLayers: 1, skip: true };

/** The cells of the library by name. */
export const cellTable: Readonly<Record<CellName, CellRow>> = {
  lstm: { make: lstm, over: "chains" },
  gru: { make: gru, over: "chains" },
  rnn: { make: rnn, over: "chains" },
  peepholeLstm: { make: (sizes) => lstm({ ...sizes, peepholes: true }), over: "chains" },
  coupledLstm: { make: (sizes) => lstm({ ...sizes, coupled: true }), over: "chains" },
  gruResetAfter: { make: gruResetAfter, over: "chains" },
  minimalGatedUnit: { make: minimalGatedUnit, over: "chains" },
  mingru: { make: mingru, over: "chains" },
  minlstm: { make: minlstm, over: "chains" },
  linearRecurrentUnit: { make: linearRecurrentUnit, over: "chains" },
  sharedGateGru: { make: sharedGateGru, over: "chains" },
  globalGateGru: { make: globalGateGru, over: "chains" },
  deepRnn: {
    make: (sizes) => withDepth(rnn, { input: sizes.input, hidden: sizes.hidden, ...oneLayerEach }),
    over: "chains",
  },
  projectedLstm: { make: (sizes) => lstm(sizes), over: "chains", projects: true },
  linearAttention: { make: linearAttention, over: "chains" },
  deltaRule: { make: deltaRule, over: "chains" },
  gatedDeltaRule: { make: gatedDeltaRule, over: "chains" },
  mlstm: { make: mlstm, over: "chains" },
  slstm: { make: slstm, over: "chains" },
  leakyRnn: { make: leakyRnn, over: "chains" },
  orderedMemory: { make: orderedMemory, over: "chains" },
  binaryTreeLstm: { make: binaryTreeLstm, over: "trees" },
  naryTreeLstm: { make: naryTreeLstm, over: "trees" },
  childSumTreeLstm: { make: childSumTreeLstm, over: "trees" },
  treeRnn: { make: treeRnn, over: "trees" },
  tensorTreeRnn: { make: tensorTreeRnn, over: "trees" },
  gatedTree: { make: gatedTree, over: "trees" },
  multidimensionalLstm: { make: multidimensionalLstm, over: "grids" },
};

/** What all cells of the library have in common: an input x at every node, and one value as output. */
export type AnyCell = Cell<{ x: InputSpec }, Shapes, unknown, Value>;

/** Sizes of a cell that is made by its name. */
export interface CellSizes {
  /** Features of x. */
  readonly input: number;
  /** Units of the state. */
  readonly hidden: number;
  /** Features of the output, for a cell that projects it; `hidden` for the others. */
  readonly projection?: number;
}

/** A cell of the library, for what makes one by its name. */
export interface CellRow {
  /** The cell of these sizes, its other settings at their defaults. A cell that does not project takes no projection. */
  make(sizes: Required<CellSizes>): AnyCell;
  /** What it is made for: chains, trees with the ports of the cell that is made, or grids from a corner. */
  readonly over: "chains" | "trees" | "grids";
  /** Whether it needs a projection. */
  readonly projects?: true;
}

/** The names of the cells that are made for chains. */
export const chainCells = (Object.keys(cellTable) as CellName[]).filter(
  (name) => cellTable[name].over === "chains",
) as readonly ChainCellName[];
