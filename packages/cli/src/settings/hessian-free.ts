import { integer, notNegative, positive } from "./kinds.js";
import { setting, type Table } from "./setting.js";

const needs = { setting: "optimizer", oneOf: ["hessian-free"] } as const;

/** Settings of Hessian-free optimisation. */
export const hessianFreeSettings = {
  damping: setting(positive, {
    group: "training",
    help: "damping before the first update; it adapts",
    default: 1,
    placeholder: "<lambda>",
    needs,
  }),
  structuralDamping: setting(notNegative, {
    group: "training",
    help: "how much moving the hidden states is damped, times the damping",
    default: 0.03,
    placeholder: "<mu>",
    needs,
  }),
  cgSteps: setting(integer(1), {
    group: "training",
    help: "conjugate gradient steps per update at most",
    default: 300,
    placeholder: "<steps>",
    needs,
  }),
} satisfies Table;
