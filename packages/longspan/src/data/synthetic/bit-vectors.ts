import type { RandomNumbers } from "../../tensor/index.js";

/** So many bits, each 0 or 1 with equal probability. */
export function drawBits(draws: RandomNumbers, count: number): number[] {
  return Array.from({ length: count }, () => draws.below(2));
}

/** So many vectors of bits. */
export function drawVectors(draws: RandomNumbers, count: number, width: number): number[][] {
  return Array.from({ length: count }, () => drawBits(draws, width));
}

/** Steps of which only one feature is not 0. */
export function flag(feature: number, value = 1): number[] {
  return [...new Array<number>(feature).fill(0), value];
}

/** So many steps without any input. */
export function blanks(count: number): number[][] {
  return Array.from({ length: count }, () => []);
}

/** The inputs of a sequence from its steps: [steps, input]. A step that says fewer features has 0 for the others. */
export function inputsOf(steps: readonly (readonly number[])[], input: number): Float32Array {
  const x = new Float32Array(steps.length * input);
  for (const [t, features] of steps.entries()) x.set(features, t * input);
  return x;
}

/** Whole numbers from the first up to, but without, the last. */
export function upTo(first: number, last: number): number[] {
  return Array.from({ length: last - first }, (_, i) => first + i);
}
