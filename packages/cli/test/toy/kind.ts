import type { JobKind } from "../../src/jobs/job.js";
import { integer } from "../../src/settings/kinds.js";
import { setting, type Table } from "../../src/settings/setting.js";
import { budgetSettings, flowSettings, outputSettings, updateSettings } from "../../src/settings/training.js";

/** The settings of `longspan train number`. */
export const numberSettings = {
  batch: setting(integer(1), { group: "data", help: "parts that are learned at once", default: 2 }),
  ...budgetSettings,
  ...updateSettings,
  ...flowSettings,
  ...outputSettings("runs/number"),
} satisfies Table;

/** Learns a number: the smallest kind of job that there is. */
export const number: JobKind = {
  name: "number",
  summary: "Learn a number",
  description: "Learn a number",
  argument: { name: "number", help: "the number", missing: "the number is missing" },
  settings: numberSettings,
  train: async () => (await import("./job.js")).numberJob,
};
