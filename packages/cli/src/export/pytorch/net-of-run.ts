import type { OpenedRun, OpenedRuns, RunKindName, Tensor } from "longspan";
import { Failure } from "../../failure.js";

/** A recurrent net of a run, as far as modules of PyTorch make one. */
export interface TorchNet {
  readonly module: "LSTM" | "GRU" | "RNN";
  /** Vectors of symbols; null where the net reads numbers. */
  readonly table: { readonly E: Tensor } | null;
  /** The parameters of the layers: one entry each. */
  readonly layers: readonly unknown[];
  readonly readout: { readonly W: Tensor; readonly b: Tensor };
  /** An answer at every step, or one for a sequence, of the mean of all steps or of the last. */
  readonly read: "steps" | "mean" | "last";
  readonly hidden: number;
  readonly bidirectional: boolean;
  readonly dropout: number;
  /** What it reads, in words. */
  readonly input: string;
}

interface Settings {
  readonly cell: string;
  readonly hidden: number;
  readonly layers?: number;
  readonly dropout?: number;
  readonly bidirectional?: boolean;
}
type AllSettings = Readonly<Record<string, unknown>>;
type Parts = Pick<TorchNet, "table" | "readout" | "read" | "input"> & { readonly layers: unknown };

const modules: Readonly<Record<string, TorchNet["module"]>> = {
  lstm: "LSTM",
  "gru-reset-after": "GRU",
  rnn: "RNN",
};

/** The net of a run. @throws Failure if torch.nn has no modules for it, saying what to do instead */
export function netOfRun({ kind, config, params }: OpenedRun): TorchNet {
  const settings = config.settings as unknown as Settings;
  const partsOf = Object.hasOwn(kinds, kind) ? kinds[kind as RunKindName] : undefined;
  if (!partsOf)
    refuse(
      `a run of the kind ${kind} is more than a recurrent net with a readout, and torch.nn has no module for it`,
    );
  const { cell, hidden, layers: count = 1, dropout = 0, bidirectional = false } = settings;
  const module = Object.hasOwn(modules, cell) ? modules[cell] : undefined;
  if (!module)
    refuse(
      `torch.nn has LSTM, GRU and RNN, and none is the cell ${cell}${cell === "gru" ? ": its GRU resets after the product, as the cell gru-reset-after does" : ""}`,
    );
  const { layers, ...parts } = partsOf(params as never, config.settings);
  const list = (
    Array.isArray(layers) && (count > 1 || kind === "text") ? layers : [layers]
  ) as readonly unknown[];
  return { module, ...parts, layers: list, hidden, dropout, bidirectional };
}

// A kind of run that can be written is a line here.
const kinds: {
  readonly [K in RunKindName]?: (params: OpenedRuns[K]["params"], settings: AllSettings) => Parts;
} = {
  text({ embedding, layers, readout }, { window, residual, features, hidden, layers: count }) {
    if (window !== 1) refuse(`the window of ${window} symbols is no part of torch.nn`);
    if (residual && (count !== 1 || features === hidden))
      refuse("torch.nn's recurrent modules have no residual connections");
    return {
      table: embedding,
      layers,
      readout,
      read: "steps",
      input: "numbers of symbols, int64 [batch, steps]",
    };
  },
  synthetic({ layer, readout }, { start }) {
    if (start === "sigmoid")
      refuse("torch.nn.RNN has no sigmoid, with which the run was started (start: sigmoid)");
    return { table: null, layers: layer, readout, read: "steps", input: rowsOfNumbers };
  },
  series: ({ layer, readout }) => ({
    table: null,
    layers: layer,
    readout,
    read: "steps",
    input: `${rowsOfNumbers}: windows as longspan scales them`,
  }),
  classify: ({ symbols, layer, readout }, { read }) => ({
    table: symbols ?? null,
    layers: layer,
    readout,
    read: read as "mean" | "last",
    input: symbols
      ? "numbers of symbols, int64 [batch, steps]"
      : `${rowsOfNumbers}, scaled as the run scales them`,
  }),
  tag({ words, characters, layer, readout }) {
    if (characters)
      refuse("the net that reads the characters of words (characters) is no part of one module");
    return {
      table: words,
      layers: layer,
      readout,
      read: "steps",
      input: "numbers of words, int64 [batch, steps]",
    };
  },
};

const rowsOfNumbers = "rows of numbers, float32 [batch, steps, features]";

function refuse(why: string): never {
  throw new Failure(
    `--to pytorch: ${why}; choose another form, such as --to model, or train a run that torch.nn has modules for`,
  );
}
