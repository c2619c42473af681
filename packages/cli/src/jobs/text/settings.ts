import { cellChoice } from "../../settings/cell.js";
import { choice } from "../../settings/choice.js";
import { flag, integer, optional, orNone, rate, text } from "../../settings/kinds.js";
import { beyondSetting } from "../../settings/lengths.js";
import { setting, type Table, type ValuesOf } from "../../settings/setting.js";
import { sparseStartSettings } from "../../settings/start.js";
import {
  budgetSettings,
  flowSettings,
  learningRate,
  outputSettings,
  updateSettings,
} from "../../settings/training.js";

/**
 * The settings of `longspan train text`, in the order of the help. Where null is not `none`, it means that the value is
 * chosen elsewhere.
 */
export const trainTextSettings = {
  level: setting(choice(["char", "word", "token", "subword"]), {
    group: "model",
    first: 4,
    help: "what the model reads and predicts; token: what stands between white space, and line ends",
    default: { on: "tokenizer", values: { none: "char" }, otherwise: "subword" },
    defaultText: "char, or subword if --tokenizer is given",
  }),
  tokenizer: setting(optional(text), {
    group: "model",
    help: "a tokenizer.json of Hugging Face, which cuts the text into subwords; the run keeps it",
    default: null,
    before: null,
    placeholder: "<file>",
    needs: { setting: "level", oneOf: ["subword"] },
  }),
  hidden: setting(integer(1, 4096), { group: "model", first: 3, help: "units per layer", default: 256 }),
  layers: setting(integer(1, 64), {
    group: "model",
    help: "recurrent layers",
    // Gates that see no state: what depends on what came before needs a layer above.
    default: {
      on: "cell",
      values: { mingru: 3, minlstm: 3, "linear-recurrent-unit": 3 },
      otherwise: 1,
    },
  }),
  cell: setting(cellChoice(), {
    group: "model",
    help: "the recurrent cell, or a module of yours that exports one",
    default: "lstm",
  }),
  dropout: setting(rate, {
    group: "model",
    help: "share of features dropped in training: embeddings, between layers, before the output",
    default: { on: "cell", values: { mingru: 0 }, otherwise: 0.2 },
    placeholder: "<rate>",
  }),
  features: setting(integer(1, 4096), {
    group: "model",
    help: "features per character or word",
    default: 64,
  }),
  window: setting(integer(1, 64), {
    group: "model",
    help: "characters or words that the first recurrent layer reads at once",
    default: { on: "cell", values: { mingru: 4 }, otherwise: 1 },
    before: 1,
  }),
  residual: setting(flag, {
    group: "model",
    help: "add what a layer reads to what it gives, where both are as wide",
    default: { on: "cell", values: { mingru: true }, otherwise: false },
    before: false,
  }),
  squash: setting(choice(["none", "tanh"]), {
    group: "model",
    help: "what squashes the candidate of a mingru",
    default: "tanh",
    before: "none",
    needs: { setting: "cell", oneOf: ["mingru"] },
  }),
  vocabulary: setting(orNone(integer(2)), {
    group: "model",
    help: "how many words or tokens are kept, the most frequent ones; none: all",
    default: { on: "level", values: { token: null }, otherwise: 10_000 },
    needs: { setting: "level", oneOf: ["word", "token"] },
  }),
  start: setting(choice(["cell", "sparse-2013"]), {
    group: "model",
    help: "how an rnn starts: as its cell does, or as in Sutskever et al. (2013)",
    default: "cell",
    needs: { setting: "cell", oneOf: ["rnn"] },
  }),
  ...sparseStartSettings,

  ...budgetSettings,
  seq: setting(integer(1), {
    group: "training",
    help: "characters or words per stream and step: how far gradients reach back",
    default: 128,
  }),
  batch: setting(integer(1), { group: "training", help: "streams read side by side", default: 32 }),
  ...updateSettings,
  lr: learningRate({ on: "cell", values: { mingru: 0.01 }, otherwise: 4e-3 }),
  ...flowSettings,
  watchFlow: setting(orNone(integer(1)), {
    group: "training",
    help: "steps between two looks at how far back gradients reach, on held-out text",
    default: null,
    placeholder: "<steps>",
  }),

  valid: setting(rate, {
    group: "data",
    help: "share of the text that is held out for validation, at its end; 0 holds out nothing",
    default: 0.1,
    placeholder: "<share>",
  }),
  validEvery: setting(optional(integer(1)), {
    group: "data",
    help: "steps between validations",
    default: null,
    defaultText: "by time: every 30 s, or less often if they are slow",
    placeholder: "<steps>",
  }),
  beyond: beyondSetting(
    "at the end, read the held-out text in pieces of these lengths as well, each from nothing",
  ),

  ...outputSettings("runs/NAME, after the text's file"),
  tensorboard: setting(flag, {
    group: "output",
    help: "write event files for TensorBoard too",
    default: false,
  }),
} satisfies Table;

/** What a newcomer should touch, in one line of the help. */
export const trainTextBeginning =
  "Begin with --minutes and --hidden: longer runs of larger nets predict better.";

/** Every setting of `longspan train text` with its value. */
export type TrainSettings = ValuesOf<typeof trainTextSettings>;
