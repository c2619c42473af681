import { runCells } from "longspan";
import { cellChoice } from "../settings/cell.js";
import { flag, integer, optional, rate } from "../settings/kinds.js";
import { type Dependent, setting, type Table, type ValuesOf } from "../settings/setting.js";
import {
  budgetOf,
  type CommonSettings,
  flowSettings,
  type Kept,
  outputSettings,
  updateSettings,
} from "../settings/training.js";

/** The net of a run over examples. @param cells by name; those of chains by default @param usual the default of each */
export function netSettings({
  cells = runCells,
  cell = "lstm",
  hidden = 64,
  dropout = 0.2,
}: {
  readonly cells?: readonly string[];
  readonly cell?: string;
  readonly hidden?: number | Dependent<number>;
  readonly dropout?: number | Dependent<number>;
} = {}) {
  return {
    hidden: setting(integer(1, 4096), { group: "model", first: 3, help: "units per layer", default: hidden }),
    layers: setting(integer(1, 64), { group: "model", help: "recurrent layers", default: 1 }),
    cell: setting(cellChoice(cells), {
      group: "model",
      first: 4,
      help: "the recurrent cell, or a module of yours that exports one",
      default: cell,
    }),
    dropout: setting(rate, {
      group: "model",
      help: "share of features dropped in training",
      default: dropout,
      placeholder: "<rate>",
    }),
  } satisfies Table;
}

/** What every run over examples has: how long it trains, what it holds out, what is made of gradients. @param ones what examples are called */
export function learningSettings(ones: string, { batch = 32 }: { readonly batch?: number } = {}) {
  return {
    ...budgetOf(2),
    batch: setting(integer(1), { group: "training", help: `${ones} per step`, default: batch }),
    ...updateSettings,
    ...flowSettings,
    valid: setting(rate, {
      group: "data",
      first: 7,
      help: `share of the ${ones} that is held out for validation; 0 holds out none`,
      default: 0.1,
      placeholder: "<share>",
    }),
    validEvery: setting(optional(integer(1)), {
      group: "data",
      help: "steps between validations",
      default: null,
      defaultText: "by time: every 5 s, or less often if they are slow",
      placeholder: "<steps>",
    }),
  } satisfies Table;
}

/** What is written where, with files for TensorBoard. @param usualFolder of the run, in words */
export function folderSettings(usualFolder: string) {
  return {
    ...outputSettings(usualFolder),
    tensorboard: setting(flag, {
      group: "output",
      help: "write event files for TensorBoard too",
      default: false,
    }),
  } satisfies Table;
}

/** The settings that every run over examples keeps. */
export type ExampleSettings = CommonSettings &
  Kept<ValuesOf<Omit<ReturnType<typeof netSettings>, "layers"> & ReturnType<typeof learningSettings>>> & {
    /** Absent where there is one layer always. */
    readonly layers?: number;
  };
