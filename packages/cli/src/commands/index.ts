import type { Command } from "commander";

/** A command of `longspan`: what the list of commands says of it, and where the rest is. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** Loads what the command needs. Only a command that is called is loaded, so that `longspan --version` loads nothing. */
  load(): Promise<{ readonly add: (command: Command) => void }>;
}

/** The commands in the order of the help. */
export const commands: readonly CommandEntry[] = [
  {
    name: "train",
    description: "Train a model on a file of yours, or on a problem made for it",
    load: () => import("./train.js"),
  },
  {
    name: "predict",
    description: "Answer inputs with a trained model, a line of JSON each: from a file, or in a pipe",
    load: () => import("./predict.js"),
  },
  {
    name: "sample",
    description: "Draw a text from a trained model",
    load: () => import("./sample.js"),
  },
  {
    name: "translate",
    description: "Write the second text of each pair with a trained model, a line for a line",
    load: () => import("./translate.js"),
  },
  {
    name: "forecast",
    description: "Forecast the time series of a table with a trained model",
    load: () => import("./forecast.js"),
  },
  {
    name: "eval",
    description: "Measure a trained model on data of yours",
    load: () => import("./eval.js"),
  },
  {
    name: "inspect",
    description: "Show where gradients go in a trained model: how far back it can learn from",
    load: () => import("./inspect.js"),
  },
  {
    name: "draw",
    description: "Draw a trained model as a circuit, or unfolded over steps",
    load: () => import("./draw.js"),
  },
  {
    name: "serve",
    description: "Serve a trained model over HTTP: streams with a state, generation, predictions",
    load: () => import("./serve.js"),
  },
  {
    name: "export",
    description: "Write a trained model for other programs, or as a page that any static server can show",
    load: () => import("./export.js"),
  },
  {
    name: "import",
    description: "Make a run of a model file, or of a language model of PyTorch",
    load: () => import("./import.js"),
  },
  {
    name: "schema",
    description: "Print what a settings file of a kind of job may hold, as JSON Schema for an editor",
    load: () => import("./schema.js"),
  },
  {
    name: "doctor",
    description: "Show what there is to compute with, and how fast it is",
    load: () => import("./doctor.js"),
  },
];
