import { folderSettings, learningSettings, netSettings } from "../../example-jobs/index.js";
import { choice } from "../../settings/choice.js";
import { integer, optional, rate, text } from "../../settings/kinds.js";
import { setting, type Table, usualWith, type ValuesOf } from "../../settings/setting.js";
import { type Kept, learningRate } from "../../settings/training.js";
import { reservoirSettings } from "./reservoir-settings.js";

const column = (help: string, defaultText: string) =>
  setting(optional(text), { group: "data", help, default: null, defaultText, placeholder: "<column>" });
const columns = (help: string) =>
  setting(optional(text), {
    group: "data",
    help,
    default: null,
    defaultText: "none",
    placeholder: "<columns>",
  });

const { hidden, ...netOnly } = netSettings({
  hidden: { on: "model", values: { reservoir: 200 }, otherwise: 32 },
  dropout: 0.3,
});
const { seed, valid, ...learningOnly } = { ...learningSettings("windows"), lr: learningRate(2e-3) };
const { tensorboard, ...folder } = folderSettings("runs/NAME, after the table's file");
const ofNets = <T extends Table>(table: T) => usualWith("model", ["net"], table);

/** The settings of `longspan train series`, in the order of the help. */
export const trainSeriesSettings = {
  horizon: setting(optional(integer(1, 10_000)), {
    group: "model",
    first: 1,
    help: "steps that are forecast",
    default: null,
    defaultText: "by the frequency: 12 months, 24 hours, 14 days, ...",
    placeholder: "<steps>",
  }),
  context: setting(optional(integer(1, 100_000)), {
    group: "model",
    help: "steps that are read before them",
    default: null,
    defaultText: "twice the horizon, and at least a season",
    placeholder: "<steps>",
  }),
  season: setting(optional(integer(1, 100_000)), {
    group: "model",
    help: "steps after which series repeat themselves; 1 for none",
    default: null,
    defaultText: "by the frequency: 12 months, 24 hours, 7 days, ...",
    placeholder: "<steps>",
  }),
  model: setting(choice(["net", "reservoir"]), {
    group: "model",
    first: 8,
    help: "a net that is trained step by step, or a reservoir whose readout is fitted in one pass, in seconds",
    default: "net",
    before: "net",
    placeholder: "<kind>",
  }),
  hidden,
  ...ofNets(netOnly),
  ...reservoirSettings,
  ...ofNets({
    way: setting(choice(["direct", "recursive"]), {
      group: "model",
      help: "all steps at once, or one after the other, each drawn and read back",
      default: "direct",
      placeholder: "<way>",
    }),
    output: setting(choice(["quantile", "gaussian", "mixture"]), {
      group: "model",
      help: "what is learned of each step: quantiles, a Gaussian, or a mixture of Gaussians",
      default: "quantile",
      placeholder: "<kind>",
    }),
    components: setting(integer(1, 100), {
      group: "model",
      help: "Gaussians of a mixture",
      default: 3,
      needs: { setting: "output", oneOf: ["mixture"] },
    }),
  }),
  base: setting(choice(["auto", "season", "last"]), {
    group: "model",
    help: "what the net adds to: the value a season before, or the last one; auto takes the better one",
    default: "auto",
    placeholder: "<value>",
  }),
  transform: setting(choice(["none", "log", "asinh"]), {
    group: "model",
    help: "what is made of values first, and undone in what is shown: log for series that grow by shares, asinh where some are 0 or less",
    default: "none",
    before: "none",
    placeholder: "<name>",
  }),
  scaling: setting(choice(["window", "series", "none"]), {
    group: "model",
    help: "values are divided by their deviation within what is read, or within the series so far",
    default: "window",
    placeholder: "<by>",
  }),
  ...ofNets(learningOnly),
  seed,
  valid: {
    ...valid,
    help: "share of each series that is held out at its end, at least one horizon; 0 holds out nothing",
  },
  test: setting(rate, {
    group: "data",
    help: "share of each series at its very end, after what is held out, that nothing is chosen by: the figures of the run are of it",
    default: 0,
    before: 0,
    placeholder: "<share>",
  }),
  stride: setting(optional(integer(1)), {
    group: "data",
    help: "steps between the forecasts that are measured on what is held out",
    default: null,
    defaultText: "the horizon",
    placeholder: "<steps>",
  }),
  id: column("the column that says which series a row is of", "unique_id or item_id"),
  time: column("the column of times", "ds, timestamp, or what looks like one"),
  target: column("the column that is forecast", "y, target, or each column that is left"),
  past: columns("columns that are known of the past only, with commas between them"),
  future: columns("columns that are known of the future too"),
  static: columns("columns that are the same in all rows of a series"),
  categories: columns("those of them that are categories, though they look like numbers"),
  ...ofNets({
    weight: {
      ...column("the column that says how much a row counts in training", "all the same"),
      before: null,
    },
  }),
  ignore: columns("columns that are left out"),
  frequency: setting(choice(["inferred", "rows"]), {
    group: "data",
    help: "steps are what the times say, or each row is a step",
    default: "inferred",
    placeholder: "<by>",
  }),
  header: setting(choice(["yes", "no"]), {
    group: "data",
    help: "whether the first row names the columns; without names they are column1, column2, ...",
    default: "yes",
    placeholder: "<answer>",
  }),
  ...folder,
  ...ofNets({ tensorboard }),
} satisfies Table;

/** Every setting of `longspan train series` with its value. */
export type TrainSeriesSettings = ValuesOf<typeof trainSeriesSettings>;

/** The settings that a run on time series keeps. */
export type SeriesSettings = Kept<TrainSeriesSettings>;
