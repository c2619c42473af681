import { memoryRunCells, runCells } from "longspan";
import { cellChoice } from "../../settings/cell.js";
import { choice } from "../../settings/choice.js";
import { flag, integer, optional, orNone, positive, share } from "../../settings/kinds.js";
import { beyondSetting, lengthRange } from "../../settings/lengths.js";
import { setting, type Table, type ValuesOf } from "../../settings/setting.js";
import { sparseStartSettings } from "../../settings/start.js";
import { budgetSettings, flowSettings, outputSettings, updateSettings } from "../../settings/training.js";

/** The settings of `longspan train synthetic`, in the order of the help. */
export const trainSyntheticSettings = {
  cell: setting(cellChoice([...runCells, ...memoryRunCells]), {
    group: "model",
    first: 3,
    help: "the recurrent cell, a cell with a memory, or a module of yours that exports one",
    default: "lstm",
  }),
  hidden: setting(integer(1, 4096), { group: "model", first: 4, help: "units of each layer", default: 50 }),
  rows: setting(integer(1, 65_536), {
    group: "model",
    help: "rows of the memory",
    default: 128,
    before: 128,
    needs: { setting: "cell", oneOf: memoryRunCells },
  }),
  width: setting(integer(1, 4096), {
    group: "model",
    help: "features of a row of the memory",
    default: 20,
    before: 20,
    needs: { setting: "cell", oneOf: memoryRunCells },
  }),
  layers: setting(integer(1, 64), {
    group: "model",
    help: "recurrent layers, each reading what the one below gives",
    default: 1,
    needs: { setting: "start", oneOf: ["cell"] },
  }),
  start: setting(choice(["cell", "sigmoid", "basic-tanh", "smart-tanh", "sparse-2013"]), {
    group: "model",
    help: "how an rnn starts: as its cell does, or as in Pascanu et al. or Sutskever et al. (2013)",
    default: "cell",
    needs: { setting: "cell", oneOf: ["rnn"] },
  }),
  ...sparseStartSettings,

  length: setting(optional(integer(1)), {
    group: "data",
    first: 1,
    help: "steps of the sequences, or what else their problem counts",
    default: null,
    defaultText: "the task's usual lengths, if --lengths is not given either",
    conflictsWith: "lengths",
  }),
  lengths: setting(optional(lengthRange), {
    group: "data",
    help: "each batch has another length of these",
    default: null,
    conflictsWith: "length",
  }),
  beyond: beyondSetting("at the end, look at fresh sequences of these lengths as well"),
  centred: setting(flag, {
    group: "data",
    help: "inputs, and answers that are numbers, without their mean",
    default: false,
  }),
  validEvery: setting(integer(1), {
    group: "data",
    help: "steps between looks at fresh sequences",
    default: 500,
    placeholder: "<steps>",
  }),
  until: setting(orNone(share), {
    group: "data",
    help: "training ends when a smaller share of 10,000 fresh sequences is wrong",
    default: 0.01,
    placeholder: "<share>",
  }),

  ...budgetSettings,
  batch: setting(integer(1), { group: "training", help: "sequences per step", default: 20 }),
  ...updateSettings,
  lr: setting(positive, {
    ...updateSettings.lr,
    default: {
      on: "optimizer",
      values: {
        sgd: 0.01,
        momentum: 1e-3,
        nesterov: 1e-3,
        "nesterov-2013": 1e-3,
        adagrad: 0.01,
        "hessian-free": 1,
      },
      otherwise: 2e-3,
    },
  }),
  schedule: setting(updateSettings.schedule.kind, { ...updateSettings.schedule, default: "constant" }),
  warmUp: setting(updateSettings.warmUp.kind, { ...updateSettings.warmUp, default: 0 }),
  ...flowSettings,
  watchFlow: setting(orNone(integer(1)), {
    group: "training",
    help: "steps between two looks at how far back gradients reach, on fresh sequences",
    default: null,
    placeholder: "<steps>",
  }),

  ...outputSettings("runs/TASK"),
} satisfies Table;

/** What a newcomer should touch, in one line of the help. */
export const trainSyntheticBeginning =
  "Begin with --length and --cell: how far back to reach, and what is to reach it.";

/** Every setting of `longspan train synthetic` with its value. */
export type SyntheticSettings = ValuesOf<typeof trainSyntheticSettings>;
