import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { nearest } from "../../src/settings/nearest.js";
import { addOptions } from "../../src/settings/options.js";
import { nameOf } from "../../src/settings/setting.js";
import { trainTextSettings } from "../../src/settings/train-text.js";

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
      "'--cell <name>' argument 'gur' is invalid. Expected one of lstm, gru, rnn, peephole-lstm, coupled-lstm, gru-reset-after (did you mean gru?).",
    ],
    [["--steps", "3", "--minutes", "3"], "'--steps <n>' cannot be used with option '--minutes <n>'"],
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
    expect(help.match(/^\w.*:$/gm)).toEqual(["Model:", "Training:", "Data:", "Output:", "Options:"]);
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(help).not.toContain("--no-");
  });

  it("tells choices and defaults, also those that depend on another setting", () => {
    const flat = help.replace(/\s+/g, " ");
    expect(flat).toContain(
      "--cell <name> the recurrent cell (lstm, gru, rnn, peephole-lstm, coupled-lstm, gru-reset-after; default: lstm)",
    );
    expect(flat).toContain(
      "--lr <rate> highest learning rate (default: 0.004; by optimizer: sgd 1, momentum 0.1, nesterov 0.1, nesterov-2013 0.01, adagrad 0.05, hessian-free 1)",
    );
    expect(flat).toContain("until the learning rate falls (default: 3; with --schedule plateau)");
    expect(flat).toContain("(exact, book, paper; default: book; with --flow)");
    expect(flat).toContain("--steps <n> train for so many steps --minutes");
  });
});

describe("nearest", () => {
  const nearestNames: [string, string | undefined][] = [
    ["hiden", "hidden"],
    ["hidddden", "hidden"],
    ["ihdden", "hidden"],
    ["HIDDEN", "hidden"],
    ["learningRate", undefined],
    ["weight_decay", "weight-decay"],
    ["weightDecay", "weight-decay"],
    ["warmup", "warm-up"],
    ["x", undefined],
    ["", undefined],
    ["h".repeat(100_000), undefined],
  ];
  for (const [word, name] of nearestNames)
    it(`"${word.slice(0, 20)}" of ${word.length}: ${name ?? "none"}`, () => {
      expect(nearest(word, Object.keys(trainTextSettings).map(nameOf))).toBe(name);
    });
});
