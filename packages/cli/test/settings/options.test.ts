import { tmpdir } from "node:os";
import { Command, CommanderError } from "commander";
import { runCells } from "longspan";
import { suggestion } from "longspan/node";
import { describe, expect, it } from "vitest";
import { trainSyntheticSettings } from "../../src/jobs/synthetic/settings.js";
import { trainTextSettings } from "../../src/jobs/text/settings.js";
import { addOptions } from "../../src/settings/options.js";
import { applies, resolveSettings } from "../../src/settings/resolve.js";
import { nameOf, type Table } from "../../src/settings/setting.js";
import { longspan } from "../command.js";

function command(): Command {
  const silent = { writeOut() {}, writeErr() {} };
  return addOptions(new Command("text").exitOverride().configureOutput(silent), trainTextSettings);
}

/** What the command line gives, or the error. */
function given(...words: string[]): unknown {
  try {
    return command().parse(words, { from: "user" }).opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.message;
  }
}

describe("addOptions", () => {
  it("leaves out what is not given, so that a file can say it", () => {
    expect(given()).toEqual({});
    expect(given("--weight-decay", "0.5", "--cell", "gru", "--json", "--early-stop", "none")).toEqual({
      weightDecay: "0.5",
      cell: "gru",
      json: true,
      earlyStop: "none",
    });
  });

  it("switches off what a file may switch on", () => {
    expect(given("--no-tensorboard")).toEqual({ tensorboard: false });
    expect(given("--no-resume")).toBe("error: unknown option '--no-resume'\n(Did you mean --resume?)");
  });

  it.each([
    [["--hidden", "0"], "'--hidden <n>' argument '0' is invalid. Expected a whole number from 1 to 4096."],
    [["--hidden", ""], "'--hidden <n>' argument '' is invalid. Expected a whole number from 1 to 4096."],
    [["--seed", "1.5"], "'--seed <n>' argument '1.5' is invalid. Expected a whole number."],
    [["--lr", "Infinity"], "'--lr <rate>' argument 'Infinity' is invalid. Expected a number above 0."],
    [["--clip", "off"], "'--clip <norm>' argument 'off' is invalid. Expected a number above 0, or none."],
    [
      ["--cell", "gur"],
      `'--cell <name>' argument 'gur' is invalid. Expected one of ${runCells.join(", ")}, or a module such as ./mine.mjs (did you mean gru?).`,
    ],
    [["--steps", "3", "--minutes", "3"], "'--minutes <n>' cannot be used with option '--steps <n>'"],
  ])("%j: one line", (words, message) => {
    expect(given(...words)).toBe(`error: option ${message}`);
  });

  it("an unknown option brings the nearest one", () => {
    expect(given("--hiden", "3")).toBe("error: unknown option '--hiden'\n(Did you mean --hidden?)");
  });
});

describe("the help", () => {
  const help = command().configureHelp({ helpWidth: 80 }).helpInformation();

  it("has every setting under its heading, within 80 columns", () => {
    for (const key of Object.keys(trainTextSettings)) expect(help).toContain(`\n  --${nameOf(key)} `);
    expect(help.match(/^\w.*:$/gm)).toEqual([
      "Most used:",
      "Model:",
      "Training:",
      "Data:",
      "Output:",
      "Only beside another choice:",
      "Options:",
    ]);
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(help).not.toContain("--no-");
  });

  it("tells choices and defaults, also those that depend on another setting", () => {
    const flat = help.replace(/\s+/g, " ");
    expect(flat).toContain(
      `--cell <name> the recurrent cell, or a module of yours that exports one (${runCells.join(", ")}; default: lstm)`,
    );
    expect(flat).toContain(
      "--lr <rate> highest learning rate (default: 0.004; by optimizer: sgd 1, momentum 0.1, nesterov 0.1, nesterov-2013 0.01, adagrad 0.05, hessian-free 1; by cell: mingru 0.01)",
    );
    expect(flat).toContain("until the learning rate falls (default: 3; with --schedule plateau)");
    expect(flat).toContain("(exact, book, paper; default: book; with --flow)");
    expect(flat).toContain("--steps <n> train for so many steps --seq");
  });
});

/** The names below each heading of a help text. */
function listed(help: string): Record<string, string[]> {
  const parts = help.split(/^(\w.*):$/m).slice(1);
  return Object.fromEntries(
    parts.flatMap((heading, k) =>
      k % 2 === 0 ? [[heading, [...parts[k + 1]!.matchAll(/^ {2}--([\w-]+)/gm)].map((m) => m[1]!)]] : [],
    ),
  );
}

describe.each([
  ["text", trainTextSettings, ["minutes", "hidden", "level", "out", "resume"], ["minutes", "hidden"]],
  [
    "synthetic",
    trainSyntheticSettings,
    ["length", "minutes", "cell", "hidden", "out", "resume"],
    ["length", "cell"],
  ],
])("the help of train %s is ordered by importance", (name, table, first, begin) => {
  const { stdout: help } = longspan(tmpdir(), "train", name, "--help-all");
  const groups = listed(help);

  it("--help shows what most runs choose, and how many settings there are besides", () => {
    const { stdout, code } = longspan(tmpdir(), "train", name, "--help");
    expect(code).toBe(0);
    expect(listed(stdout)["Most used"]).toEqual(first);
    expect(Object.keys(listed(stdout))).toEqual(["Arguments", "Most used", "Options"]);
    const others = Object.values(table as Table).filter((setting) => setting.first === undefined).length;
    expect(stdout).toContain(`${others} further settings: longspan train ${name} --help-all`);
    expect(help).not.toContain("further settings");
  });

  it("what most runs choose comes first", () => {
    expect(Object.keys(groups)).toEqual(expect.arrayContaining(["Most used", "Model", "Training"]));
    expect(Object.keys(groups)[1]).toBe("Most used");
    expect(groups["Most used"]).toEqual(first);
  });

  it("what acts only beside another choice comes last", () => {
    const values = resolveSettings(table as Table, {}).values;
    const dependent = Object.entries(table).filter(([key]) => !applies(table, values, key));
    expect(groups["Only beside another choice"]!.toSorted()).toEqual(
      dependent.map(([key]) => nameOf(key)).toSorted(),
    );
  });

  it("each setting is there once", () => {
    const { Arguments: _, Options: __, ...settings } = groups;
    expect(Object.values(settings).flat().toSorted()).toEqual(Object.keys(table).map(nameOf).toSorted());
  });

  it("one line says what to begin with", () => {
    const line = help.split("\n").find((l) => l.startsWith("Begin with "))!;
    expect(line.length).toBeLessThanOrEqual(80);
    expect([...line.matchAll(/--([\w-]+)/g)].map((m) => m[1])).toEqual(begin);
  });
});

it("the groups of training are in their order too", () => {
  const { stdout: help } = longspan(tmpdir(), "train", "text", "--help-all");
  const groups = listed(help);
  expect(groups.Model!.slice(0, 3)).toEqual(["layers", "cell", "dropout"]);
  expect(groups.Training!.slice(0, 6)).toEqual(["steps", "seq", "batch", "lr", "early-stop", "seed"]);
});

describe("the name that was meant", () => {
  const nearestNames: [string, string | undefined][] = [
    ["hiden", "hidden"],
    ["hidddden", "hidden"],
    ["ihdden", "hidden"],
    ["HIDDEN", "hidden"],
    ["learningRate", undefined],
    ["weight_decay", "weight-decay"],
    ["weightDecay", "weight-decay"],
    ["warmup", "warm-up"],
    ["warm up", "warm-up"],
    ["x", undefined],
    ["", undefined],
    ["h".repeat(100_000), undefined],
  ];
  for (const [word, name] of nearestNames)
    it(`"${word.slice(0, 20)}" of ${word.length}: ${name ?? "none"}`, () => {
      const hint = name === undefined ? "" : ` (did you mean ${name}?)`;
      expect(suggestion(word, Object.keys(trainTextSettings).map(nameOf))).toBe(hint);
    });
});
