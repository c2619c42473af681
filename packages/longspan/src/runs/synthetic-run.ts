import {
  check,
  checkSettings,
  finitePositive,
  flag,
  func,
  type KindsOf,
  kind,
  oneOf,
  optional,
  orNull,
  size,
} from "../check/index.js";
import {
  centred,
  type Lengths,
  namedProblem,
  problemLengths,
  type SyntheticProblem,
  type SyntheticProblemName,
  syntheticProblemNames,
} from "../data/index.js";
import { problemKind } from "../data/kinds.js";
import {
  namedMachine,
  pascanuRnn,
  recurrent,
  type SequenceLayer,
  type SequenceModel,
  type SequenceModelParams,
  sequenceModel,
  stacked,
  sutskeverRnn,
} from "../nn/index.js";
import type { Predictor } from "../tasks/index.js";
import {
  cellKind,
  machineName,
  memoryRunCells,
  type OwnCellMaker,
  runCells,
  runLayer,
} from "./cell-names.js";
import { entryOf, type RunConfig, type RunSchema, refusing } from "./configuration.js";
import { knownSettings, type OpenedRun, type RunKind } from "./run-kind.js";
import { keptWeights } from "./run-source.js";
import { sequencePredictor } from "./synthetic-predictor.js";

/** What the settings of a run on a synthetic problem say of its model. */
export interface SyntheticModelSettings {
  /** One of `runCells` or of `memoryRunCells`, or the path of a module of yours, such as `./mine.mjs`. */
  readonly cell: string;
  /** Units of each layer; of a cell with a memory, those of the controller. */
  readonly hidden: number;
  /** Of a cell with a memory: rows of it; 128 by default. */
  readonly rows?: number;
  /** Of a cell with a memory: features of a row; 20 by default. */
  readonly width?: number;
  readonly layers?: number;
  /** How an rnn of one layer starts: as its cell does (the default), or as in Pascanu et al. or Sutskever et al. (2013). */
  readonly start?: "cell" | "sigmoid" | "basic-tanh" | "smart-tanh" | "sparse-2013";
  /** Of the start of Sutskever et al.: the spectral radius of the recurrent weights; 1.1 by default. */
  readonly radius?: number;
  /** Of the start of Sutskever et al.: the standard deviation of the input weights; 0.001 by default. */
  readonly inputScale?: number;
}

/** What the settings of a run on a synthetic problem say of the problem. */
export interface SyntheticProblemSettings {
  /** Steps of its sequences, or what else its lengths count (`problemLengths`); null where `lengths` says it. */
  readonly length: number | null;
  /** From the first to the second, as a text: `50-200`; null where `length` says it. Where both are null, the usual ones. */
  readonly lengths: string | null;
  /** Whether inputs, and answers that are numbers, come without their mean. */
  readonly centred?: boolean;
}

/** Parameters of a recurrent layer, whichever cell it has: what they are called differs from cell to cell. */
export type AnyCellParams = Readonly<Record<string, never>>;

/** A run on a synthetic problem, opened for use. */
export interface OpenedSyntheticRun extends OpenedRun<SequenceModelParams<AnyCellParams>> {
  readonly kind: "synthetic";
  readonly problem: SyntheticProblem;
  readonly model: SequenceModel<AnyCellParams>;
  predictor(): Predictor<ArrayLike<number>>;
}

const starts = { sigmoid: "sigmoid", "basic-tanh": "basic_tanh", "smart-tanh": "smart_tanh" } as const;
const start = oneOf("cell", ...Object.keys(starts), "sparse-2013");
const lengthRange = kind(
  "two whole numbers with a - between them, the smaller one first, such as 50-200",
  (value) => typeof value === "string" && rangeOf(value) !== null,
);

const modelKinds: KindsOf<SyntheticModelSettings> = {
  cell: cellKind([...runCells, ...memoryRunCells]),
  hidden: size,
  rows: optional(size),
  width: optional(size),
  layers: optional(size),
  start: optional(start),
  radius: optional(finitePositive),
  inputScale: optional(finitePositive),
};
const problemKinds: KindsOf<SyntheticProblemSettings> = {
  lengths: orNull(lengthRange),
  length: orNull(size),
  centred: optional(flag),
};

/**
 * The synthetic problem that the settings of a run ask for.
 *
 * @param name one of `syntheticProblemNames`
 * @throws RangeError if the problem has no such length, or both `length` and `lengths` are there
 * @example syntheticRunProblem("adding", { length: null, lengths: "50-200" }).baseline
 */
export function syntheticRunProblem(
  name: SyntheticProblemName,
  settings: SyntheticProblemSettings,
): SyntheticProblem {
  check("syntheticRunProblem", "name", name, oneOf(...syntheticProblemNames));
  const {
    length,
    lengths,
    centred: isCentred,
  } = checkSettings("syntheticRunProblem", settings, problemKinds);
  if (length !== null && lengths !== null)
    throw new RangeError(
      `syntheticRunProblem: length is ${length} and lengths is ${lengths}; one of them says how long sequences are, make the other null`,
    );
  const usual = problemLengths(name)?.usual ?? 1;
  const problem = namedProblem(name, length ?? (lengths === null ? usual : rangeOf(lengths)!));
  return isCentred ? centred(problem) : problem;
}

/**
 * The model that the settings of a run on a synthetic problem ask for.
 *
 * @param own what the module exports that the setting `cell` names, where it names one
 * @example
 * const problem = syntheticRunProblem("adding", { length: 100, lengths: null });
 * const model = syntheticRunModel({ cell: "lstm", hidden: 8 }, problem);
 * model.init(Key.of(1)).readout.W.shape; // [8, 1]
 */
export function syntheticRunModel(
  settings: SyntheticModelSettings,
  problem: SyntheticProblem,
  own?: OwnCellMaker | null,
): SequenceModel<AnyCellParams> {
  const {
    cell,
    hidden,
    rows = 128,
    width = 20,
    layers = 1,
    start = "cell",
    radius,
    inputScale,
  } = checkSettings("syntheticRunModel", settings, modelKinds);
  check("syntheticRunModel", "problem", problem, problemKind);
  check("syntheticRunModel", "own", own, optional(orNull(func)));
  const { input, output } = problem;
  const sparse = {
    ...(radius === undefined ? {} : { radius }),
    ...(inputScale === undefined ? {} : { inputScale }),
  };
  const model =
    start === "cell"
      ? readOut(layersOf(cell, layers, input, { hidden, rows, width }, own), output)
      : start === "sparse-2013"
        ? sutskeverRnn({ input, output, hidden, ...sparse })
        : pascanuRnn({ input, output, hidden, start: starts[start] });
  return model as unknown as SequenceModel<AnyCellParams>;
}

type AnyLayer = SequenceLayer<AnyCellParams, unknown>;

function readOut(layer: AnyLayer, output: number) {
  return sequenceModel({ layer, features: layer.features!, output });
}

/** One layer, or a stack of several. */
function layersOf(
  cell: string,
  count: number,
  input: number,
  sizes: { readonly hidden: number; readonly rows: number; readonly width: number },
  own?: OwnCellMaker | null,
): AnyLayer {
  const machine = machineName(cell);
  const layerOn = (input: number) =>
    (machine === undefined
      ? runLayer(cell, { input, hidden: sizes.hidden }, own)
      : recurrent(namedMachine(machine, { input, ...sizes }))) as unknown as AnyLayer;
  const layers = [layerOn(input)];
  while (layers.length < count) layers.push(layerOn(layers.at(-1)!.features!));
  return count === 1 ? layers[0]! : (stacked(layers as never) as unknown as AnyLayer);
}

/** The two lengths of a text such as `50-200`; null if it is none. */
function rangeOf(text: string): Extract<Lengths, readonly unknown[]> | null {
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(text) ?? [];
  return from !== undefined && Number(from) <= Number(to) ? [Number(from), Number(to)] : null;
}

const modelSchema: RunSchema = {
  task: "synthetic",
  entries: { problem: entryOf(oneOf(...syntheticProblemNames)) },
  settings: {
    cell: entryOf(modelKinds.cell),
    hidden: entryOf(size),
    rows: entryOf(size, 128),
    width: entryOf(size, 20),
    layers: entryOf(size, 1),
    start: entryOf(start, "cell"),
    radius: entryOf(finitePositive, 1.1),
    inputScale: entryOf(finitePositive, 0.001),
  },
  complete: false,
};
const problemSchema: RunSchema = {
  ...modelSchema,
  settings: {
    length: entryOf(problemKinds.length),
    lengths: entryOf(problemKinds.lengths),
    centred: entryOf(flag, false),
  },
};

/** Runs on synthetic problems. */
export const syntheticRun: RunKind<OpenedSyntheticRun> = {
  schema: { ...modelSchema, settings: { ...modelSchema.settings, ...problemSchema.settings } },
  open(config, source, { cell }) {
    const problem = problemIn(config, source.where("config"));
    const settings = knownSettings<SyntheticModelSettings>(config, modelSchema);
    const model = syntheticRunModel(settings, problem, cell);
    // The form of parameters is that of any start, and the others take the eigenvalues of a large matrix.
    const template = syntheticRunModel({ ...settings, start: "cell" }, problem, cell);
    const kept = keptWeights(source, template);
    const predictor = () => sequencePredictor(model, kept.params, problem.input);
    return { kind: "synthetic", config, problem, model, ...kept, predictor };
  },
};

function problemIn(config: RunConfig, file: string): SyntheticProblem {
  const { problem } = config as RunConfig & { readonly problem: SyntheticProblemName };
  try {
    return syntheticRunProblem(problem, knownSettings(config, problemSchema));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refusing(file)({ problem: "contents", what: error.message });
  }
}
