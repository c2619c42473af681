import {
  check,
  flag,
  isRecord,
  type KindsOf,
  kind,
  listOf,
  oneOf,
  optional,
  rate,
  text,
} from "longspan/engine";
import { activationNames, type KerasActivation } from "./activations.js";
import { type KerasCell, kerasCells } from "./cell-kinds.js";

/** How the outputs of two directions become one: side by side, added, multiplied, or their mean. */
export type KerasMerge = "concat" | "sum" | "mul" | "ave";

/** An LSTM, GRU or SimpleRNN layer. Whether a GRU resets after the product (`reset_after`), its parameters say. */
export interface KerasRecurrentLayer extends KerasCell {
  readonly name?: string;
  /** Whether it gives a row per step, or else one per sequence; true by default. */
  readonly returnSequences?: boolean;
  /** Whether it reads each sequence from its end (`go_backwards`); false by default. */
  readonly reverse?: boolean;
  /** Dropout on what it reads, drawn once per sequence: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
  /** Whether two directions are read, and how they are merged; where the parameters are those of two, `concat` by default. */
  readonly bidirectional?: KerasMerge;
}

/** An RNN layer of `StackedRNNCells`. */
export interface KerasStackedCells {
  readonly kind: "StackedRNNCells";
  readonly name?: string;
  readonly cells: readonly KerasCell[];
  /** Whether it gives a row per step, or else one per sequence; true by default. */
  readonly returnSequences?: boolean;
}

/** A table of vectors. */
export interface KerasEmbedding {
  readonly kind: "Embedding";
  readonly name?: string;
  /** Whether steps with the symbol 0 are none (`mask_zero`); false by default. */
  readonly maskZero?: boolean;
}

/** An affine map of every row. */
export interface KerasDense {
  readonly kind: "Dense";
  readonly name?: string;
  /** linear by default. */
  readonly activation?: KerasActivation | "softmax";
  /** Whether it stands in a `TimeDistributed`, which changes no number; false by default. */
  readonly timeDistributed?: boolean;
}

/** A function of every row. */
export interface KerasActivationLayer {
  readonly kind: "Activation";
  readonly name?: string;
  readonly activation: KerasActivation | "softmax";
}

/** Dropout of single elements, drawn at every step. */
export interface KerasDropout {
  readonly kind: "Dropout";
  readonly name?: string;
  /** In [0, 1). */
  readonly rate: number;
}

/** Steps whose features are all one value are none. It stands first. */
export interface KerasMasking {
  readonly kind: "Masking";
  readonly name?: string;
  readonly value: number;
}

/** A layer of Keras. It holds no numbers: those are its parameters. */
export type KerasLayer =
  | KerasRecurrentLayer
  | KerasStackedCells
  | KerasEmbedding
  | KerasDense
  | KerasActivationLayer
  | KerasDropout
  | KerasMasking;

/** A layer, or for one with the usual settings the name of its class. */
export type KerasLayerOrKind = KerasLayer | "LSTM" | "GRU" | "SimpleRNN" | "Embedding" | "Dense";

const named = { name: optional(text) };
const elementWise = oneOf(...activationNames);
const ofRows = oneOf(...activationNames, "softmax");
const cellSettings = {
  activation: optional(elementWise),
  recurrentActivation: optional(elementWise),
};
const cellKinds: KindsOf<KerasCell> = { kind: oneOf(...Object.keys(kerasCells)), ...cellSettings };
const recurrentKinds: KindsOf<KerasRecurrentLayer> = {
  ...cellKinds,
  ...named,
  returnSequences: optional(flag),
  reverse: optional(flag),
  dropout: optional(rate),
  bidirectional: optional(oneOf("concat", "sum", "mul", "ave")),
};
const cell = kind("a cell { kind, activation, recurrentActivation }", isRecord);

/** The settings of each kind of layer. */
const layerKinds = {
  LSTM: recurrentKinds,
  GRU: recurrentKinds,
  SimpleRNN: recurrentKinds,
  StackedRNNCells: {
    kind: text,
    ...named,
    cells: listOf(cell, "a list of cells"),
    returnSequences: optional(flag),
  },
  Embedding: { kind: text, ...named, maskZero: optional(flag) },
  Dense: { kind: text, ...named, activation: optional(ofRows), timeDistributed: optional(flag) },
  Activation: { kind: text, ...named, activation: ofRows },
  Dropout: { kind: text, ...named, rate },
  Masking: { kind: text, ...named, value: kind("a number", (value) => typeof value === "number") },
} as const satisfies Record<KerasLayer["kind"], object>;

/** Layers that may be called by the name of their class alone. */
const alone = ["LSTM", "GRU", "SimpleRNN", "Embedding", "Dense"];

const entry = kind(
  "a layer { kind, ... }, or the name of one",
  (value) => isRecord(value) || typeof value === "string",
);

/** The layers as records, checked. @param what the caller, for messages */
export function checkKerasLayers(what: string, layers: readonly KerasLayerOrKind[]): KerasLayer[] {
  check(what, "layers", layers, listOf(entry, "a list of layers of Keras"));
  if (layers.length === 0)
    throw new RangeError(`${what}: layers is an empty list; it holds at least one layer`);
  return layers.map((layer, k) => {
    const subject = `layers[${k}]`;
    if (typeof layer === "string") {
      check(what, subject, layer, oneOf(...alone));
      return { kind: layer } as KerasLayer;
    }
    check(what, `${subject}.kind`, layer.kind, oneOf(...Object.keys(layerKinds)));
    checkRecord(what, subject, layer, layerKinds[layer.kind]);
    if (layer.kind === "StackedRNNCells")
      for (const [i, one] of layer.cells.entries())
        checkRecord(what, `${subject}.cells[${i}]`, one, cellKinds);
    return layer;
  });
}

/** Checks that the keys of a record are known, and what each is. */
function checkRecord(what: string, subject: string, value: object, kinds: object): void {
  for (const key of Object.keys(value))
    check(what, `a setting of ${subject}`, key, oneOf(...Object.keys(kinds)));
  for (const [key, of] of Object.entries(kinds))
    check(what, `${subject}.${key}`, (value as Readonly<Record<string, unknown>>)[key], of);
}

/** Whether a layer makes a mask. */
export function isMask(layer: KerasLayer): boolean {
  return layer.kind === "Masking" || (layer.kind === "Embedding" && layer.maskZero === true);
}
