import { gruResetAfter, lstm, rnn, type SequenceCell } from "../nn/index.js";
import { add, concat, permute, split } from "../ops/index.js";
import { type DType, type Tensor, type Value, zeros } from "../tensor/index.js";
import type { NamedWeights } from "./named-weights.js";

/** The parameters of one cell, by name. */
export type CellParams = Readonly<Record<string, Tensor>>;

// biome-ignore lint/suspicious/noExplicitAny: the parameters and states of any of the three
export type AnyChainCell = SequenceCell<any, any>;

/** How PyTorch keeps a cell: [out, in] where there is [in, out] here, with two biases. */
interface CellRow {
  /** For each gate here, in order, the number of its block there. */
  readonly blocks: readonly number[];
  /** Whether the last block of the second bias stands by itself, inside the reset gate. */
  readonly inner: boolean;
  make(sizes: {
    input: number;
    hidden: number;
    projection?: number;
    activation: "tanh" | "relu";
  }): AnyChainCell;
}

/** The cells of `torch.nn`: the order of their gates, and their biases. */
export const pytorchCells: Readonly<Record<"LSTM" | "GRU" | "RNN", CellRow>> = {
  // i, f, g, o there; forget, input gate, input, output gate here.
  LSTM: {
    blocks: [1, 0, 2, 3],
    inner: false,
    make: ({ input, hidden, projection }) =>
      projection === undefined ? lstm({ input, hidden }) : lstm({ input, hidden, projection }),
  },
  // r, z, n there; update, reset, target here.
  GRU: { blocks: [1, 0, 2], inner: true, make: ({ input, hidden }) => gruResetAfter({ input, hidden }) },
  RNN: {
    blocks: [0],
    inner: false,
    make: ({ input, hidden, activation }) => rnn({ input, hidden, activation }),
  },
};

/** A cell with its parameters, from the weights whose names end in a suffix, such as `_l0_reverse`. */
export function cellFrom(
  kind: "LSTM" | "GRU" | "RNN",
  weights: NamedWeights,
  { suffix, activation }: { suffix: string; activation: "tanh" | "relu" },
): { cell: AnyChainCell; params: CellParams } {
  const { blocks, inner, make } = pytorchCells[kind];
  const gates = blocks.length;
  const ih = weights.get(`weight_ih${suffix}`, 2);
  const [rows, input] = ih.shape as [number, number];
  const hidden = Math.floor(rows / gates);
  const projected = weights.has(`weight_hr${suffix}`) ? weights.get(`weight_hr${suffix}`, 2) : null;
  const projection = projected?.shape[0];
  weights.shaped(`weight_ih${suffix}`, [gates * hidden, input]);
  const U = turned(ih, blocks);
  const W = turned(weights.shaped(`weight_hh${suffix}`, [rows, projection ?? hidden]), blocks);
  const hasBias = weights.has(`bias_ih${suffix}`) || weights.has(`bias_hh${suffix}`);
  const bias = (name: string) =>
    hasBias ? inOrder(weights.shaped(`${name}${suffix}`, [rows]), blocks) : zeros([rows], ih.dtype as DType);
  const [first, second] = [bias("bias_ih"), bias("bias_hh")];
  const params: Record<string, Tensor> = { U, W, b: add(first, second) };
  if (inner) {
    const parts = split(second, gates) as readonly Value[] as readonly Tensor[];
    const none = zeros([hidden], ih.dtype as DType);
    params.b = add(first, concat([...parts.slice(0, -1), none])) as Tensor;
    params.c = parts.at(-1)!;
  }
  if (projected) {
    weights.shaped(`weight_hr${suffix}`, [projection!, hidden]);
    params.P = permute(projected) as Tensor;
  }
  const cell = make({ input, hidden, activation, ...(projection === undefined ? {} : { projection }) });
  return { cell, params };
}

/** The weights of a cell by their names there. @param suffix of the names */
export function cellTo(kind: "LSTM" | "GRU" | "RNN", params: CellParams, suffix: string): [string, Tensor][] {
  const { blocks, inner } = pytorchCells[kind];
  // Where each block there is among the gates here.
  const back = blocks.map((_, block) => blocks.indexOf(block));
  const { U, W, b, c, P } = params as Record<string, Tensor>;
  const none = zeros(b!.shape, b!.dtype);
  const second = inner ? concat([...split(none, blocks.length).slice(0, -1), c!]) : none;
  return [
    [`weight_ih${suffix}`, permute(inOrder(U!, back)) as Tensor],
    [`weight_hh${suffix}`, permute(inOrder(W!, back)) as Tensor],
    [`bias_ih${suffix}`, inOrder(b!, back)],
    [`bias_hh${suffix}`, second as Tensor],
    ...(P ? [[`weight_hr${suffix}`, permute(P) as Tensor] as [string, Tensor]] : []),
  ];
}

/** Whether parameters are those of a cell: their names, and sizes that fit each other. */
export function isCellOf(kind: "LSTM" | "GRU" | "RNN", params: CellParams): boolean {
  const { U, W, b, c, p, P } = params;
  const { blocks, inner } = pytorchCells[kind];
  if (!U || !W || !b || p || (c !== undefined) !== inner) return false;
  const columns = b.shape[0]!;
  const hidden = columns / blocks.length;
  const read = P ? P.shape[1] : hidden;
  return U.shape[1] === columns && W.shape[1] === columns && W.shape[0] === read;
}

/** Weights [out, in] as [in, out], with the blocks of the last axis in another order. */
function turned(weights: Tensor, blocks: readonly number[]): Tensor {
  return inOrder(permute(weights) as Tensor, blocks);
}

function inOrder(x: Tensor, blocks: readonly number[]): Tensor {
  const parts = split(x, blocks.length);
  return concat(blocks.map((block) => parts[block]!)) as Tensor;
}
