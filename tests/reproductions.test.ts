// The tables in the READMEs of the reproductions are those that `summary.mjs` makes of their results.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rowsOf } from "./documentation/tables.js";

const at = (path: string) => new URL(`../reproductions/${path}`, import.meta.url);
const text = (path: string) => readFileSync(at(path), "utf8");

const tables = readdirSync(at(""))
  .filter((name) => existsSync(at(`${name}/summary.mjs`)))
  .map((name) => [name, "results.jsonl", "summary"] as const);

test.each([...tables, ["2011-martens-sutskever-hessian-free", "batches.jsonl", "batchSummary"] as const])(
  "the README of %s has the rows that its %s gives",
  async (name, file, summary) => {
    // Programs of `reproductions`, which are outside what TypeScript checks.
    const summaries = (await import(at(`${name}/summary.mjs`).href)) as Record<
      string,
      (results: unknown[]) => string
    >;
    const results = text(`${name}/${file}`).split("\n").filter(Boolean);
    const rows = rowsOf(summaries[summary]!(results.map((line) => JSON.parse(line) as unknown)));
    const shown = rowsOf(text(`${name}/README.md`));
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(shown).toContainEqual(row);
  },
);
