// The drawings in docs/ are those that the library makes now: a cell that changes, or a new one, has its picture drawn again.
import { readdirSync, readFileSync } from "node:fs";
import * as longspan from "longspan";
import { expect, test } from "vitest";

const { folder, cellsPage, drawings, cellsText } = (await import(
  new URL("../scripts/drawings.mjs", import.meta.url).href
)) as {
  folder: URL;
  cellsPage: URL;
  drawings: (library: typeof longspan) => ReadonlyMap<string, string>;
  cellsText: (library: typeof longspan) => string;
};

test("the drawings of the documentation are up to date; if not: npm run docs:drawings", () => {
  const made = drawings(longspan);
  expect(readdirSync(folder).sort()).toEqual([...made.keys()].sort());
  const stale = [...made].filter(([name, svg]) => readFileSync(new URL(name, folder), "utf8") !== svg);
  expect(stale.map(([name]) => name)).toEqual([]);
  expect(readFileSync(cellsPage, "utf8")).toBe(cellsText(longspan));
});
