// Draws figure.svg: where the model of a run looks while it writes one date.
//
//     node reproductions/dates-to-iso/figure.mjs [FILE]
//
// FILE is the state of a run, by default that of the first.

import { writeFileSync } from "node:fs";
import { alignmentChart } from "../alignment-chart.mjs";
import { alignmentsOf } from "../pairs.mjs";
import { digits, letters } from "./dates.mjs";
import { model } from "./model.mjs";

const [file = "runs/dates-to-iso/dates-1-3000.json"] = process.argv.slice(2);
const texts = ["the 17th of May, 2024", "Fri 7 Nov 31"];
const found = alignmentsOf(model, file, texts.map(letters.read), {
  length: 12,
  read: letters.write,
  write: digits.write,
});
const panels = found.map((one, i) => ({
  ...one,
  title: texts[i],
  source: one.source.map((letter) => (letter === " " ? "space" : letter)),
}));
writeFileSync(new URL("figure.svg", import.meta.url), alignmentChart(panels));
