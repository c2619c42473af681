// The digits as strokes of a pen, and batches of them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chain, fromArray, onCpu, tensor, uniform } from "longspan";
import { draws } from "../pairs.mjs";

/** Points of a digit. */
export const points = 8;
export const digits = 10;

/** Reads one of the two files. @returns digits { strokes: x and y of each point, whole numbers from 0 to 100; digit } */
export function readDigits(folder, part) {
  const file = { training: "pendigits.tra", test: "pendigits.tes" }[part];
  return readFileSync(join(folder, file), "utf8")
    .split("\n")
    .filter((line) => line.trim())
    .map((line) => line.split(",").map(Number))
    .map((numbers) => ({ strokes: numbers.slice(0, -1), digit: numbers.at(-1) }));
}

/** From the units of the files to those of the nets, from -1 to 1, and back. */
const half = 50;
export const toNet = (value) => (value - half) / half;
export const fromNet = (value) => value * half + half;
/** What is added to nats per point when a point is measured in units of the files and not of the nets. */
export const perUnit = 2 * Math.log(half);

const structures = new Map();
/** So many chains of equal length, by default of as many points as a digit has. */
export function chainsOf(count, length = points) {
  const name = `${count} of ${length}`;
  if (!structures.has(name)) structures.set(name, chain(new Array(count).fill(length)));
  return structures.get(name);
}

/**
 * Digits as a net reads them. Each number gets a random part of its last unit: a density over whole numbers could grow without bound.
 *
 * @param key of the random parts
 * @returns { x, y: each point and the one after it, in rows; labels; digit: one-hot, a row per digit }
 */
export function packed(some, key) {
  const parts = onCpu(uniform(key, [some.length * points * 2])).toArray();
  const all = some.flatMap(({ strokes }) => strokes);
  const y = Float32Array.from(all, (value, i) => toNet(value + parts[i] - 0.5));
  // Nothing is read at the first point.
  const x = y.map((_, i) => (i % (2 * points) < 2 ? 0 : y[i - 2]));
  const structure = chainsOf(some.length);
  const rows = (numbers) => structure.pack(fromArray(numbers, [structure.nodes, 2]));
  return { x: rows(x), y: rows(y), ...asked(some.map(({ digit }) => digit)), structure };
}

/** Which digit each sequence is to be. @returns { labels, digit: [sequences, 10], one-hot } */
export function asked(labels) {
  return {
    labels: tensor(labels, "int32"),
    digit: fromArray(
      Float32Array.from(
        labels.flatMap((label) => Array.from({ length: digits }, (_, d) => Number(d === label))),
      ),
      [labels.length, digits],
    ),
  };
}

/** A batch drawn from the digits. */
export function batchOf(all, key, size) {
  const draw = draws(key.fold(0));
  return packed(
    Array.from({ length: size }, () => draw.of(all)),
    key.fold(1),
  );
}
