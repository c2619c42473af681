// Small pictures of digits as sequences: row by row, or pixel by pixel.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chain, fromArray, tensor } from "longspan";

/** Pixels of a side, and classes. */
export const [side, classes] = [8, 10];
/** The darkest that a pixel can be. */
const darkest = 16;
/** The last pictures of the file are the test. */
const heldOut = 500;

/** How a picture is read: features of a step; the steps follow. */
export const readings = { rows: side, pixels: 1 };

/** @returns { training, test }: pictures { pixels: from 0 to 1, row after row; digit } */
export function readDigits(folder) {
  const pictures = readFileSync(join(folder, "digits.csv"), "utf8")
    .split("\n")
    .filter((line) => line.trim())
    .map((line) => line.split(",").map(Number))
    .map((numbers) => ({ pixels: numbers.slice(0, -1).map((v) => v / darkest), digit: numbers.at(-1) }));
  return { training: pictures.slice(0, -heldOut), test: pictures.slice(-heldOut) };
}

const structures = new Map();
function chainsOf(count, length) {
  const name = `${count} of ${length}`;
  if (!structures.has(name)) structures.set(name, chain(new Array(count).fill(length)));
  return structures.get(name);
}

/** Pictures as a net reads them. @returns { x [nodes, features], structure, labels, last: the row of each sequence's last step } */
export function packed(pictures, reading) {
  const features = readings[reading];
  const steps = (side * side) / features;
  const structure = chainsOf(pictures.length, steps);
  const flat = Float32Array.from(pictures.flatMap(({ pixels }) => pixels));
  return {
    x: structure.pack(fromArray(flat, [structure.nodes, features])),
    structure,
    labels: tensor(
      pictures.map(({ digit }) => digit),
      "int32",
    ),
    // Sequences of one length: their last steps lie side by side.
    last: Int32Array.from(pictures, (_, s) => (steps - 1) * pictures.length + s),
  };
}
