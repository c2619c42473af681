import { defineCell } from "../../cell/index.js";
import { add, div } from "../../ops/index.js";
import type { Shape } from "../../tensor/index.js";

/** The mean of all steps so far: what a classifier reads that takes the mean, step by step. Input x [features]; output the mean [features]. */
export const runningMean = defineCell({
  name: "runningMean",
  inputs: ({ features }: { readonly features: number }): { x: Shape } => ({ x: [features] }),
  state: ({ features }): { sum: Shape; count: Shape } => ({ sum: [features], count: [1] }),
  params: () => ({}),
  step({ x, sum, count }) {
    const next = { sum: add(sum, x), count: add(count, 1) };
    return { state: next, output: div(next.sum, next.count) };
  },
});
