// Japanese vowels: which of nine speakers says it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addReadoutRows, chain, chooseRidge, readoutSums, recurrent, reservoir } from "longspan";
import { keyOf, matrix, numbers, readOut } from "./reservoirs.mjs";

const [FEATURES, SPEAKERS] = [12, 9];

/** Utterances of a file: x, steps x 12, and who speaks. */
export function readVowels(file) {
  const text = readFileSync(file, "utf8");
  return text
    .slice(text.indexOf("@data") + 5)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const parts = line.trim().split(":");
      const series = parts.slice(0, FEATURES).map((part) => part.split(",").map(Number));
      const steps = series[0].length;
      const x = Float64Array.from(
        { length: steps * FEATURES },
        (_, i) => series[i % FEATURES][Math.floor(i / FEATURES)],
      );
      return { x, steps, speaker: Number(parts[FEATURES]) - 1 };
    });
}

/** The share of time steps, and of utterances, whose speaker is found. */
export function vowelsTask({ units, data, radius = 0.9, leak = 0.3, inputScale = 0.3, bias = 0.3 }) {
  const read = (part) => readVowels(join(data, "japanese_vowels", `JapaneseVowels_${part}.ts`));
  const [train, test] = [read("TRAIN"), read("TEST")];
  return (seed) => {
    const config = { input: FEATURES, hidden: units, radius, leak, inputScale, bias };
    const cell = reservoir(config);
    const params = cell.init(keyOf(seed, 0), "float64");
    const states = (utterances) => {
      const structure = chain(utterances.map(({ steps }) => steps));
      const rows = rowsOf(structure, utterances);
      const x = new Float64Array(structure.nodes * FEATURES);
      rows.forEach((own, u) => {
        for (const [t, row] of own.entries())
          x.set(utterances[u].x.subarray(t * FEATURES, (t + 1) * FEATURES), row * FEATURES);
      });
      const { output } = recurrent(cell).apply(params, matrix(x, structure.nodes, FEATURES), structure);
      return { rows, all: numbers(output) };
    };
    // The readout sees the inputs beside the states, as in the paper of the method.
    const width = units + FEATURES;
    const laidOut = (utterances) => {
      const { rows, all } = states(utterances);
      return utterances.map(({ x, steps, speaker }, u) => {
        const values = new Float64Array(steps * width);
        const targets = new Float64Array(steps * SPEAKERS);
        rows[u].forEach((row, t) => {
          values.set(all.subarray(row * units, (row + 1) * units), t * width);
          values.set(x.subarray(t * FEATURES, (t + 1) * FEATURES), t * width + units);
          targets[t * SPEAKERS + speaker] = 1;
        });
        return { values, targets, steps, speaker };
      });
    };
    const sums = (list) =>
      list.reduce(
        (all, { values, targets, steps }) =>
          addReadoutRows(all, matrix(values, steps, width), matrix(targets, steps, SPEAKERS)),
        readoutSums({ features: width, outputs: SPEAKERS, method: "products" }),
      );
    const own = laidOut(train);
    // Every third utterance chooses the ridge; then all are learned from.
    const [learned, held] = [own.filter((_, i) => i % 3 !== 0), own.filter((_, i) => i % 3 === 0)];
    const { ridge } = chooseRidge(sums(learned), sums(held));
    const { readout } = chooseRidge(sums(own), sums(held), { ridges: [ridge] });
    let [right, steps, whole] = [0, 0, 0];
    for (const { values, steps: own, speaker } of laidOut(test)) {
      const said = readOut(readout, matrix(values, own, width));
      const votes = new Float64Array(SPEAKERS);
      for (let t = 0; t < own; t++) {
        const row = said.subarray(t * SPEAKERS, (t + 1) * SPEAKERS);
        row.forEach((x, s) => {
          votes[s] += x;
        });
        right += Number(row.indexOf(Math.max(...row)) === speaker);
      }
      steps += own;
      whole += Number(votes.indexOf(Math.max(...votes)) === speaker);
    }
    return { steps: right / steps, utterances: whole / test.length, ridge };
  };
}

/** The rows of each sequence, in the order of its steps. */
function rowsOf(structure, utterances) {
  const rows = utterances.map(() => []);
  const { sequenceOf } = structure.parts;
  for (let row = 0; row < structure.nodes; row++) rows[sequenceOf[row]].push(row);
  return rows;
}
