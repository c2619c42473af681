import { isRecord } from "longspan/engine";
import { activationAliases, activationNames, type KerasActivation } from "./activations.js";
import { type KerasCell, type KerasCellKind, kerasCells } from "./cell-kinds.js";
import { Config, shown } from "./config.js";
import type { KerasLayer, KerasMerge } from "./keras-layer.js";
import type { CellDetails, StoredLayer } from "./layer-weights.js";

/** How a file differs from one of Keras 3. */
export interface Dialect {
  /** Activations that it calls by names of others. */
  readonly aliases?: Readonly<Record<string, KerasActivation>>;
  /** Settings that hold where a file does not say them; those of Keras 3 by default. */
  readonly usual?: { readonly recurrentActivation: KerasActivation; readonly resetAfter: boolean };
}

/** A file as far as it has been read. */
export interface Reading {
  readonly what: string;
  readonly dialect: Dialect;
  readonly layers: StoredLayer[];
  readonly leftOut: string[];
  masked: unknown[] | null;
  input: number | undefined;
}

/** What a class of layers is, by its settings. */
type Row = (config: Config, reading: Reading) => { layer: KerasLayer; details?: readonly CellDetails[] };

const recurrentRow =
  (kind: KerasCellKind): Row =>
  (config, reading) => {
    noteTraining(config, reading);
    if (config.flag("return_state", false))
      throw config.refusal(
        "it returns its states",
        "states are read from `final` here: leave out return_state",
      );
    if (config.flag("stateful", false))
      reading.leftOut.push(`${config.where}: stateful; hand \`final\` on as \`initial\``);
    const returnSequences = config.flag("return_sequences", false);
    const reverse = config.flag("go_backwards", false);
    if (reverse && returnSequences)
      throw config.refusal(
        "it goes backwards and gives the steps in that order",
        "rows stay in their order here: use Bidirectional, or return_sequences=False",
      );
    const dropout = config.number("dropout", 0);
    if (!(dropout >= 0 && dropout < 1))
      throw config.refusal(`its dropout is ${dropout}`, "expected a rate in [0, 1)");
    const { cell, details } = readCell(kind, config, reading);
    return {
      layer: {
        ...cell,
        returnSequences,
        ...(reverse ? { reverse } : {}),
        ...(dropout > 0 ? { dropout } : {}),
      },
      details: [details],
    };
  };

/** What is read of each class of layers. */
export const layerRows: Readonly<Record<string, Row>> = {
  LSTM: recurrentRow("LSTM"),
  GRU: recurrentRow("GRU"),
  SimpleRNN: recurrentRow("SimpleRNN"),
  RNN(config, reading) {
    if (config.flag("return_state", false))
      throw config.refusal(
        "it returns its states",
        "states are read from `final` here: leave out return_state",
      );
    if (config.flag("go_backwards", false))
      throw config.refusal("it goes backwards", "stacked cells that are read go forwards");
    const { className, config: inner } = Config.of(reading.what, config.where, config.raw("cell"));
    const stacked = className === "StackedRNNCells";
    const cells = (stacked ? inner.list("cells") : [config.raw("cell")]).map((value) => {
      const of = Config.of(reading.what, config.where, value);
      const kind = of.className.replace(/Cell$/, "");
      if (!Object.hasOwn(kerasCells, kind) || kind === of.className)
        throw of.config.refusal(
          "cells of its class are not read",
          "those that are: LSTMCell, GRUCell, SimpleRNNCell",
        );
      noteTraining(of.config, reading);
      if (of.config.number("dropout", 0) > 0)
        reading.leftOut.push(`${of.config.where}: dropout ${of.config.number("dropout")}, inside a cell`);
      return readCell(kind as KerasCellKind, of.config, reading);
    });
    const returnSequences = config.flag("return_sequences", false);
    const details = cells.map((cell) => cell.details);
    if (!stacked) return { layer: { ...cells[0]!.cell, returnSequences }, details };
    if (cells.length === 0) throw inner.refusal("it has no cells", "the file is damaged");
    return {
      layer: { kind: "StackedRNNCells", cells: cells.map(({ cell }) => cell), returnSequences },
      details,
    };
  },
  Bidirectional(config, reading) {
    const merge = config.raw("merge_mode");
    if (merge !== "concat" && merge !== "sum" && merge !== "mul" && merge !== "ave")
      throw config.refusal(`its merge_mode is ${shown(merge)}`, "expected concat, sum, mul or ave");
    const one = (key: string) => {
      const { className, config: inner } = Config.of(reading.what, config.where, config.raw(key));
      const row = Object.hasOwn(kerasCells, className) ? layerRows[className]! : undefined;
      if (!row)
        throw config.refusal(
          `it holds a layer ${JSON.stringify(className.slice(0, 40))}`,
          "expected LSTM, GRU or SimpleRNN",
        );
      return readDirection(row, inner, reading);
    };
    const forward = one("layer");
    // Settings of the two differ only where somebody gave the layer for the other direction himself.
    const backward = config.has("backward_layer") ? one("backward_layer") : forward;
    if (JSON.stringify(forward) !== JSON.stringify(backward))
      throw config.refusal(
        "its two directions have different settings",
        "expected a backward layer like the forward one",
      );
    return {
      layer: { ...forward.layer, bidirectional: merge as KerasMerge } as KerasLayer,
      ...(forward.details ? { details: forward.details } : {}),
    };
  },
  TimeDistributed(config, reading) {
    const { className, config: inner } = Config.of(reading.what, config.where, config.raw("layer"));
    if (className !== "Dense")
      throw config.refusal(`it holds a layer ${JSON.stringify(className.slice(0, 40))}`, "expected Dense");
    const { layer, details } = layerRows.Dense!(inner, reading);
    return { layer: { ...layer, timeDistributed: true } as KerasLayer, ...(details ? { details } : {}) };
  },
  Embedding: (config) => ({
    layer: { kind: "Embedding", ...(config.flag("mask_zero", false) ? { maskZero: true } : {}) },
  }),
  Dense(config, reading) {
    if (config.has("quantization_config") || config.has("lora_rank"))
      throw config.refusal("it is quantised, or has a LoRA", "save the model in float32");
    const name = activationOf(config, "activation", "linear", reading, true);
    return {
      layer: { kind: "Dense", ...(name === "linear" ? {} : { activation: name }) },
      details: [{ bias: config.flag("use_bias", true) }],
    };
  },
  Activation: (config, reading) => ({
    layer: { kind: "Activation", activation: activationOf(config, "activation", undefined, reading, true) },
  }),
  Dropout(config) {
    const rate = config.number("rate");
    if (!(rate >= 0 && rate < 1)) throw config.refusal(`its rate is ${rate}`, "expected a rate in [0, 1)");
    const shape = config.raw("noise_shape");
    if (shape !== undefined && shape !== null)
      throw config.refusal("it has a noise_shape", "dropout that is read draws every element");
    return { layer: { kind: "Dropout", rate } };
  },
  Masking: (config) => ({ layer: { kind: "Masking", value: config.number("mask_value", 0) } }),
};

/** A layer of one direction: the order of steps is the business of what holds it. */
function readDirection(row: Row, config: Config, reading: Reading): ReturnType<Row> {
  const values = { ...config.values, go_backwards: false };
  const { layer, details } = row(new Config(config.what, config.where, values), reading);
  return { layer, ...(details ? { details } : {}) };
}

function readCell(
  kind: KerasCellKind,
  config: Config,
  reading: Reading,
): { cell: KerasCell; details: CellDetails } {
  const { dialect } = reading;
  const squash = activationOf(config, "activation", "tanh", reading, false) as KerasActivation;
  const usual = dialect.usual?.recurrentActivation ?? "sigmoid";
  const gate =
    kind === "SimpleRNN"
      ? "sigmoid"
      : (activationOf(config, "recurrent_activation", usual, reading, false) as KerasActivation);
  return {
    cell: {
      kind,
      ...(squash === "tanh" ? {} : { activation: squash }),
      ...(gate === "sigmoid" ? {} : { recurrentActivation: gate }),
    },
    details: {
      bias: config.flag("use_bias", true),
      resetAfter: kind === "GRU" ? config.flag("reset_after", dialect.usual?.resetAfter ?? true) : undefined,
    },
  };
}

/** Settings that act in training only and have no equal here. */
function noteTraining(config: Config, { leftOut }: Reading): void {
  const rate = config.number("recurrent_dropout", 0);
  if (rate > 0) leftOut.push(`${config.where}: recurrent_dropout ${rate}, in training`);
}

function activationOf(
  config: Config,
  key: string,
  usual: KerasActivation | undefined,
  { dialect }: Reading,
  rows: boolean,
): KerasActivation | "softmax" {
  const value = config.raw(key);
  if ((value === undefined || value === null) && usual !== undefined) return usual;
  // Functions that are no plain names are written as { class_name, config }.
  const said = isRecord(value) && typeof value.config === "string" ? value.config : value;
  if (typeof said === "string") {
    if (rows && said === "softmax") return "softmax";
    const aliases = { ...activationAliases, ...dialect.aliases };
    const name = Object.hasOwn(aliases, said) ? aliases[said]! : (said as KerasActivation);
    if (activationNames.includes(name)) return name;
  }
  throw config.refusal(
    `its ${key} is ${typeof said === "string" ? shown(said) : "a function of its own"}`,
    `those that are read: ${activationNames.join(", ")}${rows ? ", softmax" : ""}`,
  );
}
