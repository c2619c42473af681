// BLEU of what a model writes, over all tests and by the length of the source.

import { bleu } from "longspan";
import { written } from "../pairs.mjs";

/** Words of the source, from and to: the groups whose BLEU is measured by themselves. */
export const lengths = [
  [1, 5],
  [6, 8],
  [9, 11],
  [12, 15],
  [16, Number.POSITIVE_INFINITY],
];

/** @returns { bleu, byLength: a record { from, sentences, bleu } per group } */
export function bleuOf(model, params, tests, { write, ...settings }) {
  const found = written(
    model,
    params,
    tests.map(({ source }) => source),
    settings,
  ).map(write);
  const of = (some) =>
    bleu(
      some.map((i) => found[i]),
      some.map((i) => tests[i].references),
    );
  const all = [...tests.keys()];
  const byLength = lengths.flatMap(([from, to]) => {
    const some = all.filter((i) => tests[i].source.length >= from && tests[i].source.length <= to);
    return some.length === 0 ? [] : [{ from, sentences: some.length, bleu: of(some) }];
  });
  return { bleu: of(all), byLength };
}
