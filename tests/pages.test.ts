// Pages say what is so: what they count is what there is, and figures stand one by one, each with what it was measured on.

import { readFileSync } from "node:fs";
import { executorReport } from "longspan";
import { describe, expect, test } from "vitest";
import { rowsOf } from "./documentation/tables.js";

const page = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** What stands between a heading and the next one of its level or above. */
function section(text: string, heading: string): string {
  const [, level] = /^(#+) /.exec(heading)!;
  const rest = text.slice(text.indexOf(`\n${heading}\n`) + heading.length + 2);
  const next = rest.search(new RegExp(`^#{1,${level!.length}} `, "m"));
  return next < 0 ? rest : rest.slice(0, next);
}

describe("README.md", () => {
  const readme = page("README.md");

  test("sets up in two commands, each of which installs and then does one thing", () => {
    const [, block] = /```sh\n(.*?)```/s.exec(section(readme, "## Set up and run"))!;
    const commands = block!
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/\s+#.*/, ""));
    expect(commands).toEqual(["npm ci && npm start", "npm ci && npm test"]);
  });

  test("has one figure in a row, with the processor that it was measured on", () => {
    const figures = section(readme, "## Figures");
    const rows = rowsOf(figures).filter((row) => row[0] !== "what");
    expect(rows.length).toBeGreaterThan(30);
    for (const [what, figure, ...rest] of rows) {
      expect(what).not.toBe("");
      expect(figure, what).toMatch(/\d/);
      expect(figure, what).not.toMatch(/;|\d,? and \d|\d, \d/);
      // The comparison beside others stands on one processor, and has a column for each of its numbers.
      if (rest.length === 1) expect(rest[0], what).toMatch(/^Zen \d(, Zen \d)*$/);
      else for (const number of rest) expect(number, what).toMatch(/^[\d.]+$/);
    }
  });
});

test("docs/concepts.md counts and names the executors that there are", () => {
  const words = ["no", "one", "two", "three", "four", "five"];
  const text = section(page("docs/concepts.md"), "## Executor");
  const names = executorReport().map(({ name }) => name);
  expect(text).toContain(`There are ${words[names.length]}`);
  for (const name of names) expect(text).toContain(`\`${name}\``);
});
