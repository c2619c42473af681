import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { TypeChecker } from "./documentation/check-types.js";
import { run } from "./documentation/run.js";
import {
  blocksOf,
  brokenLinks,
  entries,
  examples,
  fencesOf,
  languages,
  linesOf,
  mark,
  pages,
  readJson,
  root,
} from "./documentation/snippets.js";

// LONGSPAN_UPDATE_DOCS=1 writes what the blocks print into the pages instead of comparing it.
const update = process.env.LONGSPAN_UPDATE_DOCS === "1";

const checker = new TypeChecker();
const blocks = pages().flatMap(blocksOf);
const running = blocks.filter((block) => block.ignored === null);
const exported = checker.exports();
const docstrings = examples(exported);

/** Exported functions and classes without an example: each is of use only among the parts named beside it. */
const withoutExample: Readonly<Record<string, string>> = {
  Value: "abstract: tensors and stand-ins are made by others",
  Traced: "abstract: the base of Dual and Var",
  Dual: "made by DualLevel",
  DualLevel: "driven by jvp and linearize",
  PerExample: "made by ExampleLevel",
  ExampleLevel: "driven by valueAndGradPerExample",
  JoinedOwners: "for the records of ops that move rows",
  Trace: "driven by linearize and by the tracing of cells",
  Var: "made by Trace",
  evaluate: "runs the equations of a Trace inside linearize and derived cells",
  transposeGraph: "the second half of linearize",
  addLinear: "for transpose rules inside an op record (docs/add-an-op.md)",
  contiguousStart: "for the records of slices",
  isRecording: "for ops without operands, while a cell is traced",
  withAmbient: "for ops without operands, while a cell is traced",
  simplify: "the last step of every rewrite of a cell",
  reenter: "the first step of a rewrite of a cell",
  substitute: "the step of a rewrite of a cell between reenter and simplify",
  linearized: "linearizeCell, remembered",
  transposed: "transposeCell, remembered",
  SideNumbers: "made by pairsModel: its source and target",
  TaggingNumbers: "made by sequenceTagger: its numbers",
};

test("the code of the pages and docstrings passes the type check", () => {
  expect(checker.errors([...running, ...docstrings])).toEqual([]);
});

describe.each(pages())("%s", (page) => {
  test("has blocks in known languages only", () => {
    for (const { info, open } of fencesOf(page)) expect(languages, `${page}:${open + 1}`).toContain(info);
  });

  test("has links that lead somewhere", () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  for (const { ignored, place } of blocks.filter((block) => block.file === page && block.ignored !== null))
    test(`line ${place} is not run, and the line above says why`, () => {
      expect(ignored?.trim()).not.toBe("");
    });

  const printed = new Map<number, string>();
  for (const { place, code, output } of running.filter((block) => block.file === page))
    test(`line ${place} runs${output ? " and prints what the page says" : ""}`, async () => {
      const text = (await run(code)).split(`${mark}\n`).at(-1)!;
      if (output && update) printed.set(output.open, text);
      else if (output) expect(text).toBe(output.text);
    });

  afterAll(() => {
    if (printed.size === 0) return;
    const lines = linesOf(page);
    for (const { open, close } of fencesOf(page).reverse())
      if (printed.has(open)) lines.splice(open + 1, close - open - 1, ...printed.get(open)!.split("\n"));
    writeFileSync(resolve(root, page), lines.join("\n"));
  });
});

test("the API reference has a page for every entry", () => {
  expect(readJson("typedoc.json").entryPoints).toEqual(Object.values(entries));
});

describe("docstring examples", () => {
  test("are there for every exported function and class", () => {
    const run = new Set(docstrings.map(({ file, place }) => `${file}:${place}`));
    const without = [...exported]
      .filter(([, { kind }]) => kind === "function" || kind === "class")
      .filter(([, { examples }]) => !examples.some((place) => run.has(place)))
      .map(([name]) => name);
    expect(without.sort()).toEqual(Object.keys(withoutExample).sort());
  });

  test.each(docstrings.map((example) => [`${example.file}:${example.place}`, example.code]))(
    "%s",
    async (_, code) => {
      await run(code);
    },
  );
});
