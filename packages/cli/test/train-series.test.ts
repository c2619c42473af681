import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};
/** A season of 12 on a slope, in months. */
const value = (k: number, s = 1) => s * (100 + 2 * k + 60 * Math.sin((2 * Math.PI * k) / 12));
const month = (k: number) => `${1990 + Math.floor(k / 12)}-${String((k % 12) + 1).padStart(2, "0")}`;
const long = (steps: number, more = (_: number, __: string) => "") =>
  `unique_id,ds,y\n${["a", "b"].flatMap((id, s) => Array.from({ length: steps }, (_, k) => `${id},${month(k)},${value(k, s + 1).toFixed(3)}${more(k, id)}`)).join("\n")}\n`;
const table = file("sales.csv", long(72));
const trained = longspan(folder, "train", "series", table, "--steps", "60", "--hidden", "8", "--out", "run");
const errorOf = (...args: string[]) => {
  const { code, stderr } = longspan(folder, ...args);
  expect(code).toBeGreaterThan(0);
  return stderr.trim();
};
const trainOn = (text: string, ...args: string[]) =>
  errorOf("train", "series", file("bad.csv", text), "--steps", "2", "--out", "bad", ...args);

describe("longspan train series", () => {
  it("says what it found in the table, and how it compares with the seasonal naive forecast", () => {
    expect(trained.stderr).toBe("");
    expect(trained.code).toBe(0);
    const lines = trained.stdout.split("\n");
    expect(lines[1]).toBe("columns   unique_id, ds, y; 2 series of 72 steps");
    expect(lines[2]).toBe("times     monthly; no gaps");
    expect(lines[3]).toBe(
      "forecast  12 steps at once from 24, as quantiles about the value a season of 12 steps before; scaled by the deviation of what is read; measured from 2 origins",
    );
    expect(trained.stdout).toMatch(
      /\nnaive {5}MAE 36, RMSE 3[78]\.\d, MASE 1, sMAPE \d+\.?\d* %, CRPS 2\d\.\d\n/,
    );
    expect(trained.stdout).toContain(
      "better than the seasonal naive forecast (the last season of 12 steps repeated) in 2 of 2 series by MAE",
    );
    const page = readFileSync(join(folder, "run", "report.html"), "utf8");
    expect(page).toContain("Forecasts of what was held out");
    expect(page.match(/<figure class="forecast">/g)?.length).toBe(2);
  });

  it("is the same run when it is interrupted and taken up again", () => {
    const args = ["--hidden", "8", "--valid-every", "20"];
    longspan(folder, "train", "series", table, "--steps", "40", ...args, "--out", "whole");
    longspan(
      folder,
      "train",
      "series",
      table,
      "--steps",
      "20",
      ...args,
      "--schedule",
      "constant",
      "--out",
      "c20",
    );
    longspan(folder, "train", "series", "--resume", "--steps", "40", "--out", "c20");
    longspan(
      folder,
      "train",
      "series",
      table,
      "--steps",
      "40",
      ...args,
      "--schedule",
      "constant",
      "--out",
      "c40",
    );
    const weights = (run: string) => readFileSync(join(folder, run, "weights.safetensors"));
    expect(weights("c20").equals(weights("c40"))).toBe(true);
    expect(weights("whole").equals(weights("c40"))).toBe(false);
  });

  it("takes wide tables, tables without names, and JSON lines", () => {
    const wide = Array.from({ length: 40 }, (_, k) => `${value(k)};${value(k, 2)}`).join("\n");
    const run = (name: string, ...args: string[]) =>
      longspan(
        folder,
        "train",
        "series",
        name,
        "--steps",
        "2",
        "--hidden",
        "4",
        "--horizon",
        "4",
        "--force",
        "--out",
        "w",
        ...args,
      )
        .stdout.split("\n")
        .slice(1, 3);
    expect(run(file("wide.txt", `north;south\n${wide}\n`))).toEqual([
      "columns   north, south; 2 series of 40 steps",
      "times     each row is a step; no gaps",
    ]);
    expect(run(file("plain.txt", `${wide}\n`), "--header", "no")[0]).toBe(
      "columns   column1, column2; 2 series of 40 steps",
    );
    const objects = Array.from({ length: 40 }, (_, k) =>
      JSON.stringify({
        timestamp: `2024-01-01 ${String(k % 24).padStart(2, "0")}:00`.replace(
          "01-01",
          k < 24 ? "01-01" : "01-02",
        ),
        target: value(k),
        item_id: "x",
      }),
    );
    expect(run(file("a.jsonl", `${objects.join("\n")}\n`))).toEqual([
      "columns   item_id, timestamp, target; one series of 40 steps",
      "times     hourly; no gaps",
    ]);
  });

  it("says what is missing, and what it does about it", () => {
    const rows = Array.from({ length: 60 }, (_, k) => k).filter((k) => k !== 20);
    const text = `date,price,visits\n${rows.map((k) => `${month(k)},${k === 5 ? "NA" : k},${k === 7 ? "" : value(k)}`).join("\n")}\n`;
    const { stdout } = longspan(
      folder,
      "train",
      "series",
      file("gaps.csv", text),
      "--future",
      "price",
      "--steps",
      "2",
      "--hidden",
      "4",
      "--out",
      "g",
    );
    expect(stdout.split("\n").slice(1, 5)).toEqual([
      "columns   date, visits; one series of 60 steps; beside them price (future)",
      "times     monthly; 1 step missing, the first before line 22 (1991-10 after 1991-08)",
      "missing   1 value of visits, the first in line 9 (1990-08); they are left out",
      "missing   1 value beside the target, the first in line 7 (price); they count as the mean",
    ]);
    expect(errorOf("forecast", "g", "gaps.csv")).toBe(
      'error: gaps.csv, column "price": the series has price for 0 of the 12 steps ahead (monthly); add records with it, and with no target',
    );
    const ahead = Array.from({ length: 12 }, (_, h) => `${month(60 + h)},${60 + h},`).join("\n");
    const { stdout: found } = longspan(folder, "forecast", "g", file("ahead.csv", `${text}${ahead}\n`));
    expect(found.split("\n").slice(0, 2)[1]).toMatch(/^1995-01,/);
  });

  it("names the file, the line and the column of what is wrong", () => {
    const rows = long(30).split("\n");
    const changed = (line: number, text: string) =>
      rows.map((row, k) => (k === line - 1 ? text : row)).join("\n");
    expect(trainOn(changed(5, "a,1990-04,many"))).toBe(
      'error: bad.csv, line 5, column "y": "many" is no number; expected one, or nothing where it is missing',
    );
    expect(trainOn(changed(5, "a,1990-03,1"))).toBe(
      'error: bad.csv, line 5, column "ds": 1990-03 of "a" is there already, in line 4; a series has one value at a time',
    );
    expect(trainOn(changed(5, "a,1990-01,1"))).toBe(
      'error: bad.csv, line 5, column "ds": 1990-01 of "a" is there already, in line 2; a series has one value at a time',
    );
    expect(trainOn(changed(6, "a,1989-01,1"))).toBe(
      'error: bad.csv, line 6, column "ds": 1989-01 of "a" comes after 1990-04 in line 5; sort the records of each series by time',
    );
    expect(trainOn(changed(5, "a,April,1"))).toContain(
      'bad.csv, line 5, column "ds": "April" is no time that is understood',
    );
    expect(trainOn(changed(5, "a,1990-04"))).toBe(
      "error: bad.csv, line 5: 2 fields, expected 3 (unique_id, ds, y)",
    );
    expect(trainOn(changed(5, ",1990-04,1"))).toBe(
      'error: bad.csv, line 5, column "unique_id": nothing stands here, expected a text',
    );
    expect(trainOn("")).toBe("error: bad.csv: the file is empty");
    expect(trainOn("unique_id,ds,y\n")).toBe("error: bad.csv: there is a header, and no row below it");
    expect(trainOn("ds,y\n2020-01-01,1\n2020-01-08,2\n2020-01-15,2\n2020-01-17,2\n")).toBe(
      'error: bad.csv, line 5, column "ds": the times are weekly, and 2020-01-17 does not fit after 2020-01-15 in line 4; repair it, or count rows as steps with --frequency rows',
    );
    expect(trainOn(long(10))).toBe(
      "error: bad.csv: the longest series has 10 steps to learn from, and a forecast of 12 needs 14; lower it with --horizon",
    );
    expect(trainOn(long(30), "--target", "yy")).toBe(
      'error: bad.csv: there is no column "yy"; the columns are "unique_id", "ds", "y"',
    );
    expect(trainOn("day,shop,sold\n2020-01-01,north,1\n")).toContain(
      'bad.csv, line 2, column "shop": "north" is no number; every column',
    );
  });
});

describe("longspan train series --transform log", () => {
  it("says so, forecasts in the units of the table, and names a value that has no logarithm", () => {
    const { stdout } = longspan(
      folder,
      ...["train", "series", table, "--transform", "log", "--steps", "60", "--hidden", "8", "--out", "log"],
    );
    expect(stdout).toContain("\nforecast  of the logarithms, 12 steps at once from 24, as quantiles about");
    expect(stdout).toContain("in 2 of 2 series by MAE");
    const [, first] = longspan(folder, "forecast", "log", table).stdout.split("\n");
    const median = Number(first!.split(",")[2]);
    expect(Math.abs(median / value(72) - 1)).toBeLessThan(0.3);
    expect(trainOn(long(72).replace("a,1990-04,166.000", "a,1990-04,-3"), "--transform", "log")).toBe(
      'error: bad.csv: "a" has the value -3, which has no logarithm; take --transform asinh, which takes zero and negative values, or none',
    );
    // The run was trained on a table without such values; another one may have them.
    writeFileSync(join(folder, "zero.csv"), long(72).replace("a,1990-04,166.000", "a,1990-04,0"));
    expect(errorOf("forecast", "log", "zero.csv")).toBe(
      'error: zero.csv, column "y": "a" has the value 0, which has no logarithm; take the transform asinh, which takes zero and negative values, or none',
    );
  });
});

describe("longspan forecast", () => {
  it("writes the same ids with quantiles, after the last known value", () => {
    const { stdout, stderr } = longspan(
      folder,
      "forecast",
      "run",
      table,
      "--horizon",
      "2",
      "--quantiles",
      "0.05,0.5,0.95",
    );
    expect(stderr).toBe("");
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(rows[0]).toEqual(["unique_id", "ds", "median", "q0.05", "q0.5", "q0.95"]);
    expect(rows.slice(1).map(([id, ds]) => [id, ds])).toEqual([
      ["a", "1996-01"],
      ["a", "1996-02"],
      ["b", "1996-01"],
      ["b", "1996-02"],
    ]);
    for (const [, , median, low, middle, high] of rows.slice(1)) {
      expect(Number(low)).toBeLessThanOrEqual(Number(median));
      expect(Number(high)).toBeGreaterThanOrEqual(Number(median));
      expect(middle).toBe(median);
    }
    longspan(folder, "forecast", "run", "--out", "next.jsonl");
    const lines = jsonLines(readFileSync(join(folder, "next.jsonl"), "utf8"));
    expect(lines.map(({ id }) => id)).toEqual(["a", "b"]);
    expect((lines[0]!.times as string[]).length).toBe(12);
  });

  it("refuses what the run cannot do", () => {
    expect(errorOf("forecast", "run", table, "--horizon", "24")).toBe(
      "error: --horizon is 24, and run forecasts 12 steps at once; ask for 12 or fewer, or train with --horizon 24 or with --way recursive",
    );
    expect(
      errorOf("forecast", "run", file("days.csv", "unique_id,ds,y\na,2020-01-01,1\na,2020-01-02,2\n")),
    ).toContain("the times are daily, and the run was trained on times that are monthly");
    expect(errorOf("forecast", "run", file("other.csv", "id,ds,y\na,2020-01,1\n"))).toBe(
      'error: other.csv: there is no column "unique_id"; the columns are "id", "ds", "y"',
    );
    expect(errorOf("forecast", "run", table, "--quantiles", "0.5,0.1")).toContain(
      "numbers between 0 and 1 in order",
    );
  });
});

describe("longspan eval of forecasts", () => {
  it("measures the end of each series of another table", () => {
    const { stdout } = longspan(folder, "eval", "run", file("later.csv", long(96)), "--json");
    const [found] = jsonLines(stdout);
    expect(found!.examples).toBe(2);
    expect(found!.naiveMae).toBeCloseTo(36, 3);
    expect(found!.mae as number).toBeLessThan(36);
    expect((found!.details as { pictures: { times: string[] }[] }).pictures[0]!.times[1]).toBe("1997-01");
  });
});
