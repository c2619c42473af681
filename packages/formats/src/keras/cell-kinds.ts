import {
  add,
  concat,
  gru,
  gruResetAfter,
  lstm,
  reshape,
  rnn,
  type SequenceCell,
  slice,
  split,
  type Tensor,
  type Value,
  zeros,
} from "longspan";
import { activation, type KerasActivation } from "./activations.js";
import { type OwnCellConfig, ownGru, ownGruResetAfter, ownLstm, ownRnn } from "./own-cells.js";

/** The classes of cells that are read and written. */
export type KerasCellKind = "LSTM" | "GRU" | "SimpleRNN";

/** A cell of Keras, in `StackedRNNCells`. */
export interface KerasCell {
  readonly kind: KerasCellKind;
  /** tanh by default. */
  readonly activation?: KerasActivation;
  /** Of the gates; sigmoid by default. A SimpleRNN has none. */
  readonly recurrentActivation?: KerasActivation;
}

/** The parameters of one cell here, by name. */
export type CellParams = Readonly<Record<string, Tensor>>;

// biome-ignore lint/suspicious/noExplicitAny: the parameters and states of any of the cells
export type AnyKerasCell = SequenceCell<any, any>;

/** The weights of one cell there: kernel [input, gates * units], recurrent_kernel [units, gates * units], bias [gates * units] or [2, gates * units]. */
export interface CellWeights {
  readonly kernel: Tensor;
  readonly recurrent: Tensor;
  /** Missing without `use_bias`. */
  readonly bias: Tensor | undefined;
}

/** How Keras keeps a cell. */
interface CellRow {
  /** For each gate here, in order, the number of its block there. */
  readonly blocks: readonly number[];
  /** The library's cell, where its gates are sigmoids, and else the one made for Keras. */
  make(sizes: OwnCellConfig, usual: { gate: boolean; squash: KerasActivation }, params: CellParams): unknown;
}

/** The cells of Keras: the order of their gates, and what they are here. */
export const kerasCells: Readonly<Record<KerasCellKind, CellRow>> = {
  // i, f, c, o there; forget, input gate, input, output gate here.
  LSTM: {
    blocks: [1, 0, 2, 3],
    make: (sizes, { gate, squash: name }) => {
      if (!gate) return ownLstm(sizes);
      const { input, hidden, squash } = sizes;
      return lstm({ input, hidden, ...(name === "tanh" ? {} : { squash, squashOutput: squash }) });
    },
  },
  // z, r, h there; update, reset, target here: the same order.
  GRU: {
    blocks: [0, 1, 2],
    make: (sizes, { gate, squash: name }, params) => {
      const after = "c" in params;
      if (!gate) return after ? ownGruResetAfter(sizes) : ownGru(sizes);
      const { input, hidden, squash } = sizes;
      return (after ? gruResetAfter : gru)({ input, hidden, ...(name === "tanh" ? {} : { squash }) });
    },
  },
  SimpleRNN: {
    blocks: [0],
    make: (sizes, { squash: name }) => {
      const { input, hidden } = sizes;
      return name === "tanh" || name === "relu" || name === "sigmoid"
        ? rnn({ input, hidden, activation: name })
        : ownRnn(sizes);
    },
  },
};

/** The cell for some parameters. */
export function cellOf(cell: KerasCell, params: CellParams): AnyKerasCell {
  const { activation: squash = "tanh", recurrentActivation: gate = "sigmoid" } = cell;
  const [input] = params.U!.shape as [number];
  const [hidden] = params.W!.shape as [number];
  const sizes = { input, hidden, squash: activation(squash), gate: activation(gate) };
  return kerasCells[cell.kind].make(sizes, { gate: gate === "sigmoid", squash }, params) as AnyKerasCell;
}

/** The parameters of a cell from its weights there, whose shapes fit each other. A cell without a bias gets zeros. @param resetAfter of a GRU */
export function cellFrom(
  kind: KerasCellKind,
  { kernel, recurrent, bias }: CellWeights,
  resetAfter = true,
): CellParams {
  const { blocks } = kerasCells[kind];
  const gates = blocks.length;
  const U = inOrder(kernel, blocks);
  const hidden = recurrent.shape[0]!;
  const none = zeros([gates * hidden], kernel.dtype);
  if (kind !== "GRU") return { U, W: inOrder(recurrent, blocks), b: inOrder(bias ?? none, blocks) };
  if (!resetAfter) {
    const [u, r, target] = split(recurrent, 3) as readonly Value[] as readonly Tensor[];
    return { U, W: concat([u!, r!]) as Tensor, Wtarget: target!, b: bias ?? none };
  }
  if (bias === undefined) return { U, W: recurrent, b: none, c: zeros([hidden], kernel.dtype) };
  const [first, second] = [0, 1]
    .map((row) => slice(bias, 0, row, row + 1))
    .map((row) => reshape(row, [gates * hidden]));
  const [u, r, c] = split(second!, 3);
  const added = concat([u!, r!, zeros([hidden], kernel.dtype)]);
  return { U, W: recurrent, b: add(first!, added) as Tensor, c: c as Tensor };
}

/** The weights of a cell there. */
export function cellTo(
  kind: KerasCellKind,
  { U, W, b, c, Wtarget }: CellParams,
): CellWeights & { readonly bias: Tensor } {
  const { blocks } = kerasCells[kind];
  // Where each block there is among the gates here.
  const back = blocks.map((_, block) => blocks.indexOf(block));
  const kernel = inOrder(U!, back);
  if (Wtarget) return { kernel, recurrent: concat([W!, Wtarget]) as Tensor, bias: b! };
  const bias = inOrder(b!, back);
  if (!c) return { kernel, recurrent: inOrder(W!, back), bias };
  const hidden = c.shape[0]!;
  const second = concat([zeros([2 * hidden], c.dtype), c]);
  const rows = [bias, second].map((row) => reshape(row as Value, [1, 3 * hidden]));
  return { kernel, recurrent: W!, bias: concat(rows, 0) as Tensor };
}

/** Whether parameters are those of a cell: their names, and sizes that fit each other. */
export function isCellOf(kind: KerasCellKind, params: CellParams): boolean {
  const gates = kerasCells[kind].blocks.length;
  const { U, W, b, c, Wtarget, ...others } = params as Record<string, Tensor | undefined>;
  if (!U || !W || !b || Object.keys(others).length > 0) return false;
  const [[input, columns], [hidden, across]] = [U.shape, W.shape];
  if (U.shape.length !== 2 || W.shape.length !== 2 || input === undefined || hidden === undefined)
    return false;
  const is = (tensor: Tensor | undefined, ...shape: number[]) =>
    tensor !== undefined && String(tensor.shape) === String(shape);
  if (columns !== gates * hidden || !is(b, gates * hidden)) return false;
  if (kind !== "GRU") return across === gates * hidden && !c && !Wtarget;
  return c
    ? across === 3 * hidden && is(c, hidden) && !Wtarget
    : across === 2 * hidden && is(Wtarget, hidden, hidden);
}

/** Blocks of the last axis in another order. */
function inOrder(tensor: Tensor, order: readonly number[]): Tensor {
  if (order.every((block, k) => block === k)) return tensor;
  const parts = split(tensor, order.length);
  return concat(order.map((block) => parts[block]!)) as Tensor;
}
