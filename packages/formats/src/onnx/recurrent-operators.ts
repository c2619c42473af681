import { type Cell, gru, gruResetAfter, lstm, rnn } from "longspan";

/** A recurrent operator of ONNX and the cell that it is here. */
export interface OperatorRow {
  readonly operator: "LSTM" | "GRU" | "RNN";
  /** The cell of these sizes. */
  make(sizes: { readonly input: number; readonly hidden: number }): Cell;
  /** For each gate there, in order, the number of its block here. */
  readonly gates: readonly number[];
  /** Likewise for peepholes. */
  readonly peepholes?: readonly number[];
  /** Parameters that stand side by side in R; W by default. */
  readonly recurrent?: readonly string[];
  /** The bias that stands inside the reset gate, of the last gate. */
  readonly inner?: string;
  /** Attributes that tell it from the others of its operator. */
  readonly attributes: Readonly<Record<string, number | readonly string[]>>;
}

const erased = <C>(cell: C) => cell as unknown as Cell;

/**
 * The recurrent operators: the order of their gates, and where their weights are here. Matrices are [out, in] there and [in, out] here; of
 * two biases there is one here.
 */
export const recurrentOperators: readonly OperatorRow[] = [
  // i, o, f, c there; f, i, c, o here.
  {
    operator: "LSTM",
    make: (sizes) => erased(lstm(sizes)),
    gates: [1, 3, 0, 2],
    attributes: {},
  },
  {
    operator: "LSTM",
    make: (sizes) => erased(lstm({ ...sizes, peepholes: true })),
    gates: [1, 3, 0, 2],
    // i, o, f there; f, i, o here.
    peepholes: [1, 2, 0],
    attributes: {},
  },
  // z, r, h there; update, reset, target here.
  {
    operator: "GRU",
    make: (sizes) => erased(gru(sizes)),
    gates: [0, 1, 2],
    recurrent: ["W", "Wtarget"],
    attributes: { linear_before_reset: 0 },
  },
  {
    operator: "GRU",
    make: (sizes) => erased(gruResetAfter(sizes)),
    gates: [0, 1, 2],
    inner: "c",
    attributes: { linear_before_reset: 1 },
  },
  { operator: "RNN", make: (sizes) => erased(rnn(sizes)), gates: [0], attributes: {} },
  {
    operator: "RNN",
    make: (sizes) => erased(rnn({ ...sizes, activation: "relu" })),
    gates: [0],
    attributes: { activations: ["Relu"] },
  },
];
