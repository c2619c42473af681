import { describe, expect, it } from "vitest";
import type { TextEvent } from "../src/jobs/text/events.js";
import { textLines } from "../src/jobs/text/lines.js";
import { liveReporter } from "../src/live-reporter.js";
import { jsonReporter, type Output, plainReporter, type Reporter } from "../src/reporter.js";
import { displayWidth, withoutControls, wrapped } from "../src/terminal-text.js";
import { done, progress, start, valid } from "./report/runs.js";
import { Screen } from "./screen.js";

/** A clock that is set by hand, in milliseconds. */
function clock() {
  let time = 0;
  const set = (seconds: number) => {
    time = 1000 * seconds;
  };
  return { now: () => time, set };
}

function pipe() {
  const lines: string[] = [];
  const out = { write: (text: string) => lines.push(text) > 0, on: () => out, off: () => out };
  return { out: out as unknown as Output, text: () => lines.join("") };
}

const settings = { ...start().settings, steps: 100, minutes: null };
const at = (step: number, given = {}) =>
  progress(step, { nats: 1.5, gradientNorm: 0.5212, charactersPerSecond: 12_345, ...given });

describe("jsonReporter", () => {
  it("writes events and nothing else", () => {
    const { out, text } = pipe();
    const events: TextEvent[] = [start(), at(1), valid(1, 2), { event: "sample", text: "a\nb" }, done(1, 2)];
    const reporter = jsonReporter(out);
    for (const event of events) reporter.report(event);
    reporter.clear();
    reporter.close();
    expect(
      text()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(events);
  });
});

describe("plainReporter", () => {
  it("tells a run in plain lines", () => {
    const { out, text } = pipe();
    const { now, set } = clock();
    const reporter = plainReporter(out, { lines: textLines(), now });
    reporter.report(start({ settings }));
    set(10);
    reporter.report(at(10));
    set(16);
    reporter.report(valid(16, 1.25));
    reporter.report(done(100, 1.2));
    reporter.report({ event: "sample", text: "is not repeated" });
    expect(text()).toBe(
      [
        "text      texts/whale.txt: 1,000 characters, 30 different; the last 100 are held out",
        "model     lstm, 1 layer of 8 units, 1,234 parameters",
        "run       runs/whale: 100 steps on the reference executor",
        "step           10    10 %   1.500 nats per character   12,345 characters/s   90 s left".replace(
          "90 s",
          "2 min",
        ),
        "held out  step 16   1.250 nats per character (1.803 bits)   best so far",
        "done      100 steps, 20 characters/s, training loss 2.000 nats per character",
        "held out  1.200 nats per character (1.731 bits)",
        "",
      ].join("\n"),
    );
  });

  it("has no figures of a training that had nothing left to do", () => {
    const { out, text } = pipe();
    const { train: _, ...nothing } = done(100, 1.2);
    plainReporter(out, { lines: textLines(), now: () => 0 }).report(nothing);
    expect(text()).toBe(
      "done      100 steps before; nothing was left to do\nheld out  1.200 nats per character (1.731 bits)\n",
    );
  });

  it("has a training that ended without a finite loss", () => {
    const { out, text } = pipe();
    const end = { ...done(100, Number.NaN), train: { nats: Number.NaN } };
    plainReporter(out, { lines: textLines(), now: () => 0 }).report(end);
    expect(text()).toMatch(/^done +100 steps, 20 characters\/s, training loss NaN nats per character\n/);
  });

  it("has at most one progress line per five seconds, and none right after a validation", () => {
    const { out, text } = pipe();
    const { now, set } = clock();
    const reporter = plainReporter(out, { lines: textLines(), now });
    const steps: number[] = [];
    for (let step = 1; step <= 30; step++) {
      set(step);
      reporter.report(at(step));
      if (step === 12) reporter.report(valid(step, 1));
      if (step === 13) reporter.report(valid(step, 0.9));
    }
    for (const [, step] of text().matchAll(/^(?:step|held out).*?(\d+)/gm)) steps.push(Number(step));
    expect(steps).toEqual([5, 10, 12, 17, 22, 27]);
  });

  it("counts words where the model does", () => {
    const { out, text } = pipe();
    const { now, set } = clock();
    const reporter = plainReporter(out, { lines: textLines(), now });
    reporter.report(start({ level: "word", settings: { ...settings, steps: null, minutes: 1 } }));
    set(6);
    reporter.report(at(10, { nats: 5 }));
    reporter.report(valid(10, 5));
    expect(text()).toContain("whale.txt: 1,000 words, 30 different");
    expect(text()).toContain("runs/whale: 1 minute on");
    expect(text()).toContain("5.000 nats per word   12,345 words/s");
    expect(text()).toContain("5.000 nats per word (perplexity 148)");
  });

  it("after an interruption, estimates the time left from then on", () => {
    const { out, text } = pipe();
    const { now, set } = clock();
    const reporter = plainReporter(out, { lines: textLines(), now });
    reporter.report(start({ settings }));
    reporter.report({ event: "resumed", step: 1000, seconds: 3600 });
    set(6);
    reporter.report(at(1010, { fraction: 0.5 }));
    set(16);
    reporter.report(at(1020, { fraction: 0.6 }));
    expect(text()).toContain("resumed   after 1,000 steps and 60 min of training\n");
    expect(text()).toMatch(/1,010 {4}50 % {3}1.500 nats per character {3}12,345 characters\/s\n/);
    // A tenth in ten seconds: forty seconds for the other four.
    expect(text()).toMatch(/1,020 .* 40 s left\n/);
  });
});

describe("liveReporter", () => {
  const begin = (columns: number, event = start({ settings })) => {
    const screen = new Screen(columns);
    const { now, set } = clock();
    const reporter: Reporter = liveReporter(screen as unknown as Output, { lines: textLines(), now });
    reporter.report(event);
    set(10);
    return { screen, reporter, set };
  };
  const lastRow = (screen: Screen) => screen.text.split("\n").at(-1);

  it("rewrites one line in place, and keeps validations above it", () => {
    const { screen, reporter, set } = begin(80);
    reporter.report(at(10));
    expect(lastRow(screen)).toBe("step 10  10 %  1.500 nats, 2.164 bits  12,345/s  |g| 0.521  2 min left");
    set(20);
    reporter.report(at(20));
    reporter.report(valid(20, 1.25));
    set(21);
    reporter.report(at(21));
    expect(screen.text).toBe(
      [
        "text      texts/whale.txt: 1,000 characters, 30 different; the last 100 are held",
        "          out",
        "model     lstm, 1 layer of 8 units, 1,234 parameters",
        "run       runs/whale: 100 steps on the reference executor",
        "held out  step 20   1.250 nats per character (1.803 bits)   best so far",
        "step 21  21 %  1.500 nats, 2.164 bits  12,345/s  |g| 0.521  79 s left",
      ].join("\n"),
    );
  });

  it.each([
    [120, "step 10  10 %  1.500 nats, 2.164 bits  12,345 characters/s  gradient norm 0.521  2 min left"],
    [80, "step 10  10 %  1.500 nats, 2.164 bits  12,345/s  |g| 0.521  2 min left"],
    [60, "step 10  1.500 nats, 2.164 bits  12,345/s  2 min left"],
    [40, "step 10  1.500 nats  2 min left"],
    [24, "step 10  1.500 nats"],
    [12, "step 10"],
    [7, "step"],
  ])("fits into %d columns", (columns, line) => {
    const { screen, reporter } = begin(columns);
    const { row } = screen.cursor;
    reporter.report(at(10));
    expect(lastRow(screen)).toBe(line);
    expect(screen.cursor.row).toBe(row);
  });

  it("a line of words has the perplexity", () => {
    const { screen, reporter } = begin(80, start({ level: "word", settings }));
    reporter.report(at(12_345, { nats: 5.1234, charactersPerSecond: 1234, fraction: 0.1 }));
    expect(lastRow(screen)).toBe(
      "step 12,345  10 %  5.123 nats, perplexity 168  1,234/s  |g| 0.521  2 min left",
    );
  });

  it.each([
    [80, 50],
    [80, 20],
    [40, 100],
  ])("from %d to %d columns, leaves no piece of the old line", (before, after) => {
    const { screen, reporter } = begin(before);
    reporter.report(at(10));
    const above = screen.text.split("\n").slice(0, -1).join("");
    screen.resize(after);
    const rows = screen.text.split("\n");
    expect(rows.filter((row) => row.startsWith("step"))).toHaveLength(1);
    expect(rows.at(-1)!.length).toBeLessThan(after);
    expect(rows.slice(0, -1).join("").replace(/\s/g, "")).toBe(above.replace(/\s/g, ""));
  });

  it("takes a ^C of the terminal away with the line", () => {
    for (let columns = 20; columns < 100; columns++) {
      const { screen, reporter } = begin(columns);
      const { row } = screen.cursor;
      reporter.report(at(12));
      screen.write("^C");
      reporter.clear();
      expect([screen.cursor, screen.text.includes("^C")]).toEqual([{ row, column: 0 }, false]);
    }
  });

  it("a loss beyond all measure keeps the line short", () => {
    const { screen, reporter } = begin(80);
    reporter.report(at(9, { nats: 1.1967e30, gradientNorm: Number.POSITIVE_INFINITY }));
    expect(lastRow(screen)).toBe(
      "step 9  9 %  1.2e30 nats, 1.73e30 bits  12,345/s  |g| Infinity  2 min left",
    );
    reporter.report(at(9, { nats: Number.NaN }));
    expect(lastRow(screen)).toMatch(/^step 9 .* NaN nats, NaN bits /);
  });

  it("ends with an empty line and no more interest in the terminal", () => {
    const { screen, reporter } = begin(80);
    reporter.report(at(10));
    reporter.close();
    expect(screen.text).toMatch(/reference executor$/);
    expect(screen.cursor.column).toBe(0);
    expect(screen.listenerCount("resize")).toBe(0);
    const { written } = screen;
    screen.resize(50);
    reporter.close();
    expect(screen.written).toBe(written);
    expect(written).not.toContain("?25l");
  });

  it("makes place for what others print, and comes back", () => {
    const { screen, reporter } = begin(80);
    reporter.report(at(10));
    reporter.clear();
    screen.write("stopping\n");
    reporter.report(at(11));
    expect(screen.text.split("\n").slice(-2)).toEqual(["stopping", expect.stringMatching(/^step 11/)]);
    reporter.report(done(100, 1.2));
    expect(lastRow(screen)).toBe("held out  1.200 nats per character (1.731 bits)");
  });

  it("wraps wide characters by their width and shows no control characters of a path", () => {
    const path = `${"\u9be8".repeat(20)} \u001b[31m.txt`;
    const { screen } = begin(40, start({ path, settings }));
    expect(screen.text).toContain(`\u9be8 \uFFFD[31m.txt`.slice(-9));
    expect(Math.max(...screen.text.split("\n").map(displayWidth))).toBeLessThanOrEqual(50);
    expect(screen.written).not.toContain("\u001b[31m");
  });
});

describe("text in a terminal", () => {
  it.each([
    ["abc", 3],
    ["\u9be8\u9c78", 4],
    ["e\u0301", 1],
    ["\u{1F40B}", 2],
    ["\uFF21", 2],
    ["\uD55C", 2],
    ["\u200B", 0],
  ])("%s", (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });

  it("is wrapped between words", () => {
    expect(wrapped("label   one two three", 13, 8)).toBe("label   one\n        two\n        three");
    expect(wrapped("label   one two", 15, 8)).toBe("label   one two");
    expect(wrapped("label   incompressible", 10, 8)).toBe("label\n        incompressible");
  });

  it("keeps line breaks only of all control characters", () => {
    expect(withoutControls("a\u001b[1m\r\n\tb\u0007")).toBe("a\uFFFD[1m\uFFFD\n\tb\uFFFD");
  });
});
