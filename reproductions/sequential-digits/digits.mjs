// Small pictures of digits as sequences, row by row or pixel by pixel, and as what they are, grids.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chain, fromArray, grid, tensor } from "longspan";

/** Pixels of a side, and classes. */
export const [side, classes] = [8, 10];
/** The darkest that a pixel can be. */
const darkest = 16;
/** The last pictures of the file are the test. */
const heldOut = 500;

/** How a picture is read: features of a step, or of a node of the grid; the steps follow. */
export const readings = { rows: side, pixels: 1, grid: 1 };

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
function structureOf(count, reading) {
  const name = `${count} by ${reading}`;
  const make = () =>
    reading === "grid"
      ? grid(new Array(count).fill([side, side]))
      : chain(new Array(count).fill((side * side) / readings[reading]));
  if (!structures.has(name)) structures.set(name, make());
  return structures.get(name);
}

/** Pictures as a net reads them. @returns { x [nodes, features], structure, labels, answer: the row of each picture at which it is answered } */
export function packed(pictures, reading) {
  const features = readings[reading];
  const structure = structureOf(pictures.length, reading);
  const flat = Float32Array.from(pictures.flatMap(({ pixels }) => pixels));
  return {
    x: structure.pack(fromArray(flat, [structure.nodes, features])),
    structure,
    labels: tensor(
      pictures.map(({ digit }) => digit),
      "int32",
    ),
    answer: answersOf(structure, reading),
  };
}

const known = new WeakMap();
/** A sequence is answered at its last step, a grid in its middle. */
function answersOf(structure, reading) {
  if (!known.has(structure)) {
    const at = reading === "grid" ? (side / 2) * side + side / 2 : -1;
    const rows = Array.from({ length: structure.sequences }, (_, s) => structure.rowsOf(s).at(at));
    known.set(structure, Int32Array.from(rows));
  }
  return known.get(structure);
}
