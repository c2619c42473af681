// The intensity of a laser, whole numbers from 0 to 255, as numbers and as symbols.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { argmax, categoricalOutput, gaussianOutput, onCpu } from "longspan";

/** Points at the end that training never sees. */
const held = 2000;

/** Reads `laser.txt` of a folder. @returns { training, test, scale: the standard deviation over training } */
export function readLaser(folder) {
  const all = readFileSync(join(folder, "laser.txt"), "utf8")
    .split("\n")
    .filter((line) => line.trim());
  const training = Float32Array.from(all.slice(0, -held), Number);
  const mean = training.reduce((a, b) => a + b) / training.length;
  const variance = training.reduce((a, b) => a + (b - mean) ** 2, 0) / training.length;
  return {
    training,
    test: Float32Array.from(all.slice(-held), Number),
    scale: Math.sqrt(variance),
  };
}

/** Of the laser's units: what is 0 for the nets, and 1 more. */
const [middle, unit] = [60, 47];
/** Values that are one symbol. */
const width = 8;

/**
 * What a point is for the nets.
 *
 * output: its distribution; features: of an embedding; encode: a value as a net reads it; decode: the values that outputs stand for;
 * feeds: what a net reads of what it gave, in training where it is a choice and where the gradient goes through it, and alone
 */
export const kinds = {
  numbers: {
    // With a fixed scale, the loss is half the squared error.
    output: gaussianOutput({ features: 1, scale: 1 }),
    shape: [1],
    dtype: "float32",
    encode: (value) => (value - middle) / unit,
    decode: (outputs) =>
      onCpu(outputs)
        .toArray()
        .map((mean) => mean * unit + middle),
    feeds: { stopped: "mean", through: "mean", alone: "mean" },
  },
  levels: {
    output: categoricalOutput({ classes: 256 / width }),
    features: 32,
    shape: [],
    dtype: "int32",
    encode: (value) => Math.floor(value / width),
    decode: (outputs) =>
      Float32Array.from(onCpu(argmax(outputs)).toArray(), (level) => (level + 0.5) * width - 0.5),
    feeds: { stopped: "sample", through: "mean", alone: "mode" },
  },
};
