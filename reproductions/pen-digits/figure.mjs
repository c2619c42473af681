// Draws figure.svg: real digits, and digits that nets wrote.
//
//     node reproductions/pen-digits/figure.mjs DATA [STATES]
//
// DATA is the folder of the digits; STATES that of the states of runs, which those of seed 1 are taken from.

import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key } from "longspan";
import { keptParams } from "../training.mjs";
import { penOf } from "./models.mjs";
import { digits, readDigits } from "./strokes.mjs";

const [data, states = "runs/pen-digits"] = process.argv.slice(2);
const rows = 4;
const labels = Array.from({ length: rows * digits }, (_, i) => i % digits);

/** Digits that the net of an arm wrote. */
function writtenBy(arm) {
  const files = readdirSync(states).filter((name) => name.startsWith(`${arm}-1-`) && name.endsWith(".json"));
  const pen = penOf(arm);
  const params = keptParams({
    task: pen.task(() => null),
    params: pen.init(Key.of(0)),
    file: join(states, files.at(-1)),
  });
  return pen.written(params, labels, Key.of(7));
}

/** The first of the test, digit by digit: they are from hands that the nets never saw. */
function real() {
  const test = readDigits(data, "test");
  const of = labels.map((label) => test.filter(({ digit }) => digit === label));
  return labels.map((_, i) => of[i][Math.floor(i / digits) * 9]);
}

const groups = [
  ["real, by other writers", real()],
  ["a mixture of 20 Gaussians", writtenBy("mixture-20")],
  ["one Gaussian", writtenBy("gaussian")],
];
const [cell, size, left, top, gap] = [52, 36, 20, 30, 34];
const height = (k) => top + k * (rows * cell + gap);

/** A digit as a line, with a dot where the pen begins. */
function drawn({ strokes }, x, y) {
  const at = Array.from({ length: strokes.length / 2 }, (_, i) =>
    [x + (strokes[2 * i] * size) / 100, y + size - (strokes[2 * i + 1] * size) / 100].map((v) =>
      v.toFixed(1),
    ),
  );
  const [cx, cy] = at[0];
  return `<polyline points="${at.map((p) => p.join()).join(" ")}"/><circle cx="${cx}" cy="${cy}" r="1.6"/>`;
}

const panels = groups.map(([title, some], k) => {
  const each = some.map((one, i) =>
    drawn(one, left + (i % digits) * cell, height(k) + 14 + Math.floor(i / digits) * cell),
  );
  return `<text x="${left}" y="${height(k)}" font-weight="bold">${title}</text><g fill="none" stroke="#1f5fa8" stroke-width="1.8" stroke-linejoin="round" stroke-linecap="round">${each.join("")}</g>`;
});
writeFileSync(
  new URL("figure.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * left + digits * cell}" height="${height(groups.length)}" font-family="sans-serif" font-size="13" fill="#222"><title>${groups.map(([title]) => title).join("; ")}</title><rect width="100%" height="100%" fill="white"/>${panels.join("")}</svg>\n`,
);
