import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
/** A season of 12 on a slope, in months, of two shops, with a price that moves both. */
const price = (k: number) => [3, 5, 4, 6, 2][k % 5]!;
const rows = (from: number, to: number, target: (k: number, s: number) => string) =>
  ["a", "b"]
    .flatMap((id, s) =>
      Array.from({ length: to - from }, (_, i) => {
        const k = from + i;
        const month = `${1990 + Math.floor(k / 12)}-${String((k % 12) + 1).padStart(2, "0")}`;
        return `${id},${month},${price(k)},${target(k, s)}`;
      }),
    )
    .join("\n");
const value = (k: number, s: number) =>
  ((s + 1) * (100 + 2 * k + 60 * Math.sin((2 * Math.PI * k) / 12) - 5 * price(k))).toFixed(3);
writeFileSync(join(folder, "sales.csv"), `unique_id,ds,price,y\n${rows(0, 96, value)}\n`);
const run = (...args: string[]) => longspan(folder, ...args);
const reservoir = ["train", "series", "sales.csv", "--model", "reservoir", "--hidden", "60"];
const fitted = run(...reservoir, "--future", "price", "--out", "run");
const weights = (of: string) => readFileSync(join(folder, of, "weights.safetensors"));
const errorOf = (...args: string[]) => {
  const { code, stderr } = run(...args);
  expect(code).toBeGreaterThan(0);
  return stderr.trim();
};

describe("longspan train series --model reservoir", () => {
  it("fits in one pass, and says how it compares with the seasonal naive forecast", () => {
    expect(fitted.stderr).toBe("");
    const lines = fitted.stdout.split("\n");
    expect(lines[3]).toBe(
      "forecast  12 steps running free from 48, as what is added to the value a season of 12 steps before, with quantiles of what such runs have missed before; scaled by the deviation of what is read; measured from 2 origins",
    );
    expect(lines[4]).toMatch(
      /^model {5}a reservoir of 60 units \(spectral radius 0\.9, leak 0\.5\) with a linear readout, [\d,]+ parameters$/,
    );
    expect(lines[5]).toMatch(/^run {7}run: one pass on the \w+ executor$/);
    expect(fitted.stdout).toMatch(/\nreadout {3}ridge [\d.e-]+, of 13 the best in \d+ free runs\n/);
    const [, mae, naive] = /MAE ([\d.]+), seasonal naive MAE ([\d.]+)/.exec(fitted.stdout)!;
    // With the prices ahead, all of it can be known.
    expect(Number(mae)).toBeLessThan(0.1 * Number(naive));
    const page = readFileSync(join(folder, "run", "report.html"), "utf8");
    expect(page).toContain('<b>Running error</b> <span class="unit">of the free run');
    expect(page).toContain(
      "A reservoir of 60 units (spectral radius 0.9, leak 0.5) with a linear readout, fitted to",
    );
    expect(page).not.toContain("There are no curves yet");
    const done = jsonLines(readFileSync(join(folder, "run", "metrics.jsonl"), "utf8")).at(-1)!;
    const { byStep, errors } = done.details as {
      byStep: { forecast: number[] };
      errors: { mae: number };
    };
    expect(byStep.forecast.length).toBe(12);
    expect(byStep.forecast.reduce((a, b) => a + b, 0) / 12).toBeCloseTo(errors.mae, 8);
  });

  it("loses nothing when it is killed: the fit is made again, to the same bits", () => {
    const whole = weights("run");
    // As a kill leaves it before the parameters are written.
    rmSync(join(folder, "run", "weights.safetensors"));
    expect(run("train", "series", "--resume", "--out", "run").code).toBe(0);
    expect(weights("run").equals(whole)).toBe(true);
    run(...reservoir, "--future", "price", "--seed", "2", "--out", "other");
    expect(weights("other").equals(whole)).toBe(false);
  });

  it("forecasts, evaluates and answers as the other models do", () => {
    const ahead = rows(96, 108, () => "");
    writeFileSync(
      join(folder, "ahead.csv"),
      `unique_id,ds,price,y\n${sorted(`${rows(0, 96, value)}\n${ahead}`)}\n`,
    );
    const { stdout, stderr } = run("forecast", "run", "ahead.csv", "--quantiles", "0.1,0.9");
    expect(stderr).toBe("");
    const found = stdout.trim().split("\n").slice(1);
    expect(found.length).toBe(24);
    for (const [i, line] of found.entries()) {
      const [id, , median, low, high] = line.split(",");
      const truth = Number(value(96 + (i % 12), id === "a" ? 0 : 1));
      expect(Math.abs(Number(median) - truth)).toBeLessThan(0.05 * truth);
      expect(Number(low)).toBeLessThanOrEqual(Number(median));
      expect(Number(high)).toBeGreaterThanOrEqual(Number(median));
    }
    const [measured] = jsonLines(run("eval", "run", "--json").stdout);
    const [, mae] = /MAE ([\d.]+)/.exec(fitted.stdout)!;
    expect((measured!.mae as number).toPrecision(3)).toBe(Number(mae).toPrecision(3));
    const asked = {
      values: Array.from({ length: 60 }, (_, k) => Number(value(k, 0))),
      covariates: { price: Array.from({ length: 72 }, (_, k) => price(k)) },
    };
    writeFileSync(join(folder, "asked.jsonl"), `${JSON.stringify(asked)}\n`);
    const [answer] = jsonLines(run("predict", "run", "asked.jsonl").stdout);
    expect((answer!.median as number[]).length).toBe(12);
  });

  it("says which settings have no effect, and what it cannot do", () => {
    expect(errorOf(...reservoir, "--steps", "3", "--out", "x")).toBe(
      "error: --steps 3 has no effect with --model reservoir; it belongs to --model net",
    );
    // What a setting needs is without effect itself.
    expect(errorOf(...reservoir, "--components", "3", "--out", "x")).toBe(
      "error: --components 3 has no effect with --model reservoir; it belongs to --model net",
    );
    expect(errorOf("train", "series", "sales.csv", "--radius", "1.2", "--out", "x")).toBe(
      "error: --radius 1.2 has no effect with --model net (the default); it belongs to --model reservoir",
    );
    expect(errorOf(...reservoir, "--ignore", "price", "--washout", "48", "--out", "x")).toBe(
      "error: --washout is 48, and 48 steps are read before a forecast; wash out fewer, or read more with --context",
    );
    expect(errorOf("forecast", "run", "--horizon", "13")).toBe(
      "error: --horizon is 13, and run knows of 12 steps how far it misses; ask for 12 or fewer, or train with --horizon 13",
    );
    expect(
      errorOf(...reservoir, "--ignore", "price", "--context", "200", "--washout", "150", "--out", "x"),
    ).toBe(
      "error: sales.csv: the washout is 150, and no window has a known value after it; wash out fewer steps",
    );
  });
});

/** Rows by series, the order in which a table has them. */
function sorted(text: string): string {
  return text
    .split("\n")
    .sort((a, b) => a.localeCompare(b))
    .join("\n");
}
