// Pieces of music as lists of the notes that sound at each step, and batches of them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chain, fromArray, Key } from "longspan";
import { draws } from "../pairs.mjs";

/** The keys of a piano: MIDI pitches 21 to 108. */
export const pitches = 88;
const lowest = 21;

const files = { jsb: "jsb-chorales-quarter.json", nottingham: "nottingham.json" };
export const sets = Object.keys(files);

/** @returns { training, validation, test }: pieces, lists of steps, each a list of MIDI pitches */
export function readPieces(folder, set) {
  const { train, valid, test } = JSON.parse(readFileSync(join(folder, files[set]), "utf8"));
  return { training: train, validation: valid, test };
}

/** Pieces of at most so many steps. */
export function cut(pieces, steps) {
  return pieces.flatMap((piece) =>
    Array.from({ length: Math.max(1, Math.ceil(piece.length / steps)) }, (_, i) =>
      steps < piece.length ? piece.slice(i * steps, (i + 1) * steps) : piece,
    ),
  );
}

/** The same pieces lie in the same batches all along; their order is drawn anew for each epoch. */
export function batchesOf(pieces, size) {
  const order = draws(Key.of(300)).shuffled(pieces);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, i) =>
    packed(order.slice(i * size, (i + 1) * size)),
  );
}

/** Pieces as a net reads them. @returns { x: the notes of the step before, none at the first; y: those of the step; structure } */
function packed(pieces) {
  const structure = chain(pieces.map((piece) => piece.length));
  const y = new Float32Array(structure.nodes * pitches);
  const x = new Float32Array(structure.nodes * pitches);
  let row = 0;
  for (const piece of pieces)
    for (const [t, notes] of piece.entries()) {
      for (const pitch of notes) {
        y[row * pitches + pitch - lowest] = 1;
        if (t + 1 < piece.length) x[(row + 1) * pitches + pitch - lowest] = 1;
      }
      row += 1;
    }
  const rows = (numbers) => structure.pack(fromArray(numbers, [structure.nodes, pitches]));
  return { x: rows(x), y: rows(y), structure };
}
