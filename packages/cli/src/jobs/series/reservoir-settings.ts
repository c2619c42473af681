import { integer, notNegative, optional, positive, shareOfAll } from "../../settings/kinds.js";
import { setting, type Table } from "../../settings/setting.js";

const needs = { setting: "model", oneOf: ["reservoir"] } as const;

/** What only reservoirs have. */
export const reservoirSettings = {
  radius: setting(positive, {
    group: "model",
    help: "spectral radius of its recurrent weights",
    default: 0.9,
    before: 0.9,
    placeholder: "<radius>",
    needs,
  }),
  leak: setting(shareOfAll, {
    group: "model",
    help: "share of a unit's state that is new at each step",
    default: 0.5,
    before: 0.5,
    placeholder: "<share>",
    needs,
  }),
  inputScale: setting(positive, {
    group: "model",
    help: "its input weights and biases lie between this and its negative",
    default: 0.1,
    before: 0.1,
    needs,
  }),
  ridge: setting(optional(notNegative), {
    group: "model",
    help: "what a squared weight of the readout costs beside a squared error, by the mean square of a unit",
    default: null,
    before: null,
    defaultText: "the best of 1e-10 to 100 in free runs",
    needs,
  }),
  washout: setting(optional(integer(0)), {
    group: "model",
    help: "steps at the beginning of each window from which nothing is learned",
    default: null,
    before: null,
    defaultText: "a horizon",
    placeholder: "<steps>",
    needs,
  }),
} satisfies Table;
