// How the study of Omega against an LSTM chooses the setting of an arm.

import { expect, test } from "vitest";

interface Setting {
  readonly rate: number;
  readonly weight: number | null;
}

// Programs of `reproductions`, which are outside what TypeScript checks.
const at = (file: string) => new URL(`../reproductions/omega-against-lstm/${file}`, import.meta.url).href;
const { best } = (await import(at("choose.mjs"))) as {
  best(results: unknown[], where: Record<string, unknown>): Setting | null;
};
const { settingsOf, tuning } = (await import(at("setting.mjs"))) as {
  settingsOf(task: string, arm: string): Setting[];
  tuning: { span: number[]; text: number[] };
};

const where = { task: "span", arm: "rnn+omega", length: 100 };
/** A run without success at each setting and tuning seed. */
const none = settingsOf("span", "rnn+omega").flatMap((setting) =>
  tuning.span.map((seed) => ({
    ...where,
    ...setting,
    seed,
    solved: false,
    updates: 40_000,
    wrongShare: 0.75,
  })),
);
const changed = (rate: number, weight: number, change: object) =>
  none.map((run) => (run.rate === rate && run.weight === weight ? { ...run, ...change } : run));

test("the setting whose tuning runs took the fewest updates is taken", () => {
  expect(best(changed(0.003, 0.4, { solved: true, updates: 9000 }), where)).toEqual({
    rate: 0.003,
    weight: 0.4,
  });
});

test("where none has a success, the one with the fewest wrong is", () => {
  expect(best(changed(0.0003, 4, { wrongShare: 0.5 }), where)).toEqual({ rate: 0.0003, weight: 4 });
});

test("nothing is chosen while a tuning run is missing, and runs of other seeds do not count", () => {
  const without = none.slice(1);
  expect(best(without, where)).toBeNull();
  expect(best([...without, { ...none[0]!, seed: 1 }], where)).toBeNull();
});
