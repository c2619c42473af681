import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
/** A season of 4, of two series; b is what the caller says. */
const table = (b: (k: number) => number, weight: (k: number, id: string) => string = () => "1") =>
  `unique_id,ds,y,w\n${["a", "b"]
    .flatMap((id) =>
      Array.from({ length: 60 }, (_, k) => {
        const value = id === "a" ? 10 + [0, 4, 1, 2][k % 4]! + 0.1 * k : b(k);
        return `${id},${2000 + k},${value.toFixed(3)},${weight(k, id)}`;
      }),
    )
    .join("\n")}\n`;
const line = (k: number) => 30 + ((k * 7) % 5);
write("t.csv", table(line));
const run = (...args: string[]) => longspan(folder, "train", "series", ...args);
const small = ["--horizon", "4", "--season", "4", "--hidden", "6"];
const errorOf = (text: string, ...args: string[]) => {
  write("bad.csv", text);
  const { code, stderr } = run("bad.csv", ...small, "--steps", "2", "--weight", "w", "--out", "bad", ...args);
  expect(code).toBeGreaterThan(0);
  return stderr.trim();
};

describe("longspan train series --test", () => {
  const { stdout, stderr } = run(
    "t.csv",
    "--ignore",
    "w",
    ...small,
    "--steps",
    "20",
    "--test",
    "0.2",
    "--out",
    "run",
  );

  it("measures on a part by which nothing was chosen, and says which part each figure is of", () => {
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^data {6}t\.csv: \d+ windows to learn from, 2 held out, 6 to test by\n/);
    const events = jsonLines(read("run/metrics.jsonl"));
    const done = events.at(-1)!;
    const lines = stdout.split("\n");
    const test = done.test as { mae: number };
    const found = lines.find((text) => text.startsWith("test"))!;
    expect(found).toMatch(/^test {6}MAE [\d.]+, .*; nothing was chosen by it$/);
    expect(Number(/MAE ([\d.]+)/.exec(found)![1])).toBe(Number(test.mae.toPrecision(3)));
    expect(lines.find((text) => text.startsWith("forecast  MAE"))).toContain(
      `MAE ${Number(test.mae.toPrecision(3))},`,
    );
    expect((done.valid as { mae: number }).mae).not.toBe(test.mae);
    const page = read("run/report.html");
    expect(page).toContain("Forecasts of the test part");
    expect(page).toContain("Nothing was chosen by the test part.");
    expect(page).toContain("of 6 windows of the test part");
    expect(page).toContain("On the test part, by which nothing was chosen: MAE");
  });

  it("is what longspan eval measures", () => {
    const { stdout: found } = longspan(folder, "eval", "run", "--json");
    const [measured] = jsonLines(found);
    const done = jsonLines(read("run/metrics.jsonl")).at(-1)!;
    expect(measured!.mae).toBe((done.test as { mae: number }).mae);
    expect(measured!.examples).toBe(6);
    expect(longspan(folder, "eval", "run").stdout).toMatch(/^the test part of .*t\.csv: MAE/);
  });
});

describe("longspan train series --weight", () => {
  const args = [...small, "--base", "season", "--steps", "20", "--valid", "0", "--weight", "w"];
  const onlyA = (_: number, id: string) => (id === "a" ? "1" : "0");
  const weights = (of: string) => readFileSync(join(folder, of, "weights.safetensors"));

  it("learns nothing from what counts nothing, and more from what counts more", () => {
    write("x.csv", table(line, onlyA));
    write(
      "y.csv",
      table((k) => 5 * line(k + 1) + k, onlyA),
    );
    write(
      "z.csv",
      table((k) => 5 * line(k + 1) + k),
    );
    for (const name of ["x", "y", "z"]) {
      const { stdout, stderr } = run(`${name}.csv`, ...args, "--out", name);
      expect(stderr).toBe("");
      expect(stdout).toContain("unique_id, ds, y; 2 series of 60 steps; beside them w (weight)");
    }
    expect(weights("x").equals(weights("y"))).toBe(true);
    expect(weights("z").equals(weights("y"))).toBe(false);
  });

  it("forecasts tables without that column", () => {
    write("plain.csv", table(line).replace(/,w\n/, "\n").replace(/,1$/gm, ""));
    expect(longspan(folder, "forecast", "x", "plain.csv").stdout.split("\n").length).toBe(1 + 8 + 1);
  });

  it("names the file, the line and the column of what is no weight", () => {
    expect(errorOf(table(line, (k) => (k === 3 ? "-1" : "1")))).toBe(
      'error: bad.csv, line 5, column "w": -1 is no weight; expected a number of at least 0',
    );
    expect(errorOf(table(line, (k) => (k === 3 ? "" : "1")))).toBe(
      'error: bad.csv, line 5, column "w": nothing is no weight; expected a number of at least 0',
    );
    expect(errorOf(table(line, () => "0"))).toBe(
      'error: bad.csv, column "w": every weight is 0, so there is nothing to learn from',
    );
    expect(errorOf(table(line), "--weight", "v")).toBe(
      'error: bad.csv: there is no column "v"; the columns are "unique_id", "ds", "y", "w"',
    );
    const { stderr } = run("t.csv", ...small, "--weight", "w", "--model", "reservoir", "--out", "bad");
    expect(stderr.trim()).toBe(
      "error: --weight w has no effect with --model reservoir; it belongs to --model net",
    );
  });
});

describe("a run on time series", () => {
  it("has a cell of the user's own, which the run keeps, and settings from a file", () => {
    write(
      "mine.mjs",
      `import { gru } from "longspan";\nexport default ({ input, hidden }) => gru({ input, hidden });`,
    );
    write("my.yaml", "horizon: 3\nhidden: 5\ncell: ./mine.mjs\ntransform: log\nsteps: 4\n");
    const { code, stderr } = run(
      "t.csv",
      "--ignore",
      "w",
      "--config",
      "my.yaml",
      "--hidden",
      "7",
      "--out",
      "own",
    );
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const { settings } = JSON.parse(read("own/config.json")) as { settings: Record<string, unknown> };
    expect([settings.horizon, settings.hidden, settings.cell, settings.transform, settings.steps]).toEqual([
      3,
      7,
      "./mine.mjs",
      "log",
      4,
    ]);
    write("mine.mjs", "export default 5;");
    expect(read("own/cell.mjs")).toContain("gru({ input, hidden })");
    expect(longspan(folder, "forecast", "own").stdout.split("\n").length).toBe(1 + 6 + 1);
    expect(longspan(folder, "train", "series", "--resume", "--steps", "6", "--out", "own").code).toBe(0);
    write("my.yaml", "horizon: 3\nmodel: reservoirs\n");
    expect(run("t.csv", "--config", "my.yaml", "--out", "none").stderr).toContain(
      'my.yaml, line 2, column 8: model is "reservoirs"',
    );
    expect(run("t.csv", "--cell", "./mine.mjs", "--out", "none").stderr).toContain(
      "./mine.mjs exports a number as default; expected a function from sizes to a cell",
    );
  });

  it("is inspected with the name of its loss", () => {
    const inspected = (...more: string[]) => {
      run("t.csv", "--ignore", "w", ...small, "--force", "--out", "i", ...more);
      return longspan(folder, "inspect", "i").stdout.split("\n")[0];
    };
    expect(inspected("--steps", "2")).toMatch(/the loss at the last step is a pinball loss of [\d.]+$/);
    expect(inspected("--steps", "2", "--output", "gaussian")).toMatch(/the last step is -?[\d.]+ nats$/);
    expect(inspected("--model", "reservoir")).toMatch(/the last step is a squared error of [\d.e-]+$/);
  });
});
