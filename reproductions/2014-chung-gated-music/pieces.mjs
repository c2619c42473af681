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
      piece.slice(i * steps, (i + 1) * steps),
    ),
  );
}

/**
 * All pieces in a row, in the order given, on `streams` tracks side by side, cut into batches of so many steps: what a net holds after one batch
 * it begins the next with. Before the first step of a piece there are no notes, which is how a net sees that another one begins.
 */
export function tracks(pieces, streams, steps) {
  const sounding = pieces.flatMap(stepsOf);
  const count = Math.floor(sounding.length / (streams * steps));
  return Array.from({ length: count }, (_, i) =>
    packed(
      Array.from({ length: streams }, (_, k) =>
        sounding.slice((k * count + i) * steps, (k * count + i + 1) * steps),
      ),
    ),
  );
}

/** The same pieces lie in the same batches all along; their order is drawn anew for each epoch. */
export function batchesOf(pieces, size) {
  const order = draws(Key.of(300)).shuffled(pieces);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, i) =>
    packed(order.slice(i * size, (i + 1) * size).map(stepsOf)),
  );
}

/** The steps of a piece: their notes, and those of the step before, none at the first. */
function stepsOf(piece) {
  return piece.map((notes, t) => ({ before: t === 0 ? [] : piece[t - 1], notes }));
}

/** Steps as a net reads them, a list for each sequence. @returns { x: the notes of the step before; y: those of the step; structure } */
function packed(sequences) {
  const structure = chain(sequences.map((steps) => steps.length));
  const rowsOf = (what) => {
    const numbers = new Float32Array(structure.nodes * pitches);
    for (const [row, step] of sequences.flat().entries())
      for (const pitch of step[what]) numbers[row * pitches + pitch - lowest] = 1;
    return structure.pack(fromArray(numbers, [structure.nodes, pitches]));
  };
  return { x: rowsOf("before"), y: rowsOf("notes"), structure };
}
