import { lstm } from "longspan";
import {
  compileCell,
  isWithin,
  joinScopes,
  levelledSpaces,
  type Program,
  spaceNames,
  spaces,
  splitProducts,
  verifyProgram,
} from "longspan/engine";
import { expect, test } from "vitest";

test("a scope is within itself and everything above it", () => {
  expect(isWithin("edge", "sequence")).toBe(true);
  expect(isWithin("node", "node")).toBe(true);
  expect(isWithin("sequence", "node")).toBe(false);
  expect(isWithin("state", "node")).toBe(false);
});

test("joins of scopes: the widest scope within all of them", () => {
  const chainOfScopes = ["one", "sequence", "node", "edge"] as const;
  for (const [i, a] of chainOfScopes.entries())
    for (const [j, b] of chainOfScopes.entries())
      expect(joinScopes([a, b])).toBe(chainOfScopes[Math.max(i, j)]);
  expect(joinScopes([])).toBe("one");
});

test("parents come before their children, and levelled spaces are scopes", () => {
  for (const [i, name] of spaceNames.entries())
    for (const parent of spaces[name].parents) expect(spaceNames.indexOf(parent)).toBeLessThan(i);
  for (const name of levelledSpaces) expect("scope" in spaces[name]).toBe(true);
});

test("a program's loop runs over spaces with levels only", () => {
  const { graph } = lstm({ input: 3, hidden: 4 }).trace("float32");
  const { program } = compileCell(
    splitProducts(graph),
    { arrivals: ["single"], sinks: "single" },
    [false, false],
    [false, false],
  );
  const moved: Program = { ...program, loop: program.loop.map((i) => ({ ...i, space: "sequence" })) };
  expect(() => verifyProgram(moved)).toThrow(
    "program lstm: loop[0] gemm: rows of sequence have no levels, so the loop cannot run over them",
  );
});

test("tables are keyed by what they relate; names are for printing", () => {
  const { graph } = lstm({ input: 3, hidden: 4 }).trace("float32");
  const { tables } = compileCell(
    splitProducts(graph),
    { arrivals: ["single"], sinks: "single" },
    [true, false],
    [true, false],
  );
  expect(tables.map(({ name, key }) => [name, key])).toEqual([
    // The output is h, so that all states of h are kept, and those of s of two levels.
    ["port0", { rows: "port", port: 0, recent: false }],
    ["port0Recent", { rows: "port", port: 0, recent: true }],
    ["arrive0", { rows: "arrivals", port: 0, recent: false }],
    ["arrive0Recent", { rows: "arrivals", port: 0, recent: true }],
    ["sources", { rows: "sources" }],
    ["sinks", { rows: "sinks", recent: false }],
  ]);
});
