import { exitCode, Failure } from "../failure.js";
import { integer, notNegative, optional, positive } from "./kinds.js";
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
  curvatureBatch: setting(optional(integer(1)), {
    group: "training",
    help: "sequences of the batch that curvature is taken from",
    default: null,
    defaultText: "all",
    placeholder: "<n>",
    needs,
  }),
} satisfies Table;

/** @throws Failure if curvature is to be taken from more sequences than there are in a batch */
export function checkCurvatureBatch({
  values,
  phrase,
}: {
  readonly values: { readonly curvatureBatch: number | null; readonly batch: number };
  phrase(key: "curvatureBatch"): string;
}): void {
  const { curvatureBatch, batch } = values;
  if (curvatureBatch !== null && curvatureBatch > batch)
    throw new Failure(`${phrase("curvatureBatch")}: the batch has only ${batch} sequences`, exitCode.usage);
}
