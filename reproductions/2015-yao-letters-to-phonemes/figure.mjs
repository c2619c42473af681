// Draws figure.svg: where the model of a run looks while it writes the phonemes of a word.
//
//     node reproductions/2015-yao-letters-to-phonemes/figure.mjs [FILE]
//
// FILE is the state of a run, by default that of the first.

import { writeFileSync } from "node:fs";
import { alignmentChart } from "../alignment-chart.mjs";
import { alignmentsOf } from "../pairs.mjs";
import { letters, phonemes } from "./dictionary.mjs";
import { model } from "./model.mjs";

const [file = "runs/2015-yao-letters-to-phonemes/words-1-7500.json"] = process.argv.slice(2);
const words = ["thoughtfully", "sequencing"];
const found = alignmentsOf(model, file, words.map(letters.read), {
  length: 32,
  read: letters.write,
  write: phonemes.write,
});
writeFileSync(
  new URL("figure.svg", import.meta.url),
  alignmentChart(found.map((one, i) => ({ ...one, title: words[i] }))),
);
