import * as longspan from "longspan";
import * as node from "longspan/node";
import * as formats from "longspan-formats";
import * as mpi from "longspan-mpi";
import { describe, expect, test } from "vitest";
import { complaint, firstOf, functionsOf, type Row, show, wrongCalls } from "./public-surface/calls.js";
import { classRows, rows } from "./public-surface/rows.js";

// Users write plain JavaScript too: whatever they call with whatever, the error is the library's own, and it names what they called and
// the setting that is wrong. Every exported function has a row with a valid call; wrong calls follow from it.

const modules = { longspan, "longspan/node": node, "longspan-formats": formats, "longspan-mpi": mpi };
const surface = Object.values(modules).flatMap((module) =>
  Object.entries(module).flatMap(([name, exported]) => (typeof exported === "function" ? [name] : [])),
);
const exported = (name: string) =>
  ({ ...longspan, ...node, ...formats, ...mpi })[name as "add"] as (...args: unknown[]) => unknown;

test("every exported function and class has a row, and every row is of one", () => {
  expect(Object.keys(rows).sort()).toEqual([...surface].sort());
});

describe("called with what is none", () => {
  for (const name of surface) {
    const makeRow = rows[name];
    if (makeRow === undefined || "exempt" in makeRow()) continue;
    test(name, async () => {
      const found: string[] = [];
      const make = () => {
        const row = makeRow() as Row;
        return { row, f: (row.call ?? exported(name)) as (...args: unknown[]) => unknown };
      };
      await sweep(name, make, found);
      expect(found).toEqual([]);
    });
  }
});

const classes = surface.filter((name) => {
  const { prototype } = exported(name) as { prototype?: unknown };
  return prototype !== undefined && /^class/.test(String(exported(name))) && !(prototype instanceof Error);
});

test("every method of an exported class has a row", () => {
  const found = classes.flatMap((name) => {
    const type = exported(name) as unknown as { prototype: object };
    const methods = (of: object) =>
      Object.entries(Object.getOwnPropertyDescriptors(of)).flatMap(([method, { value }]) =>
        typeof value === "function" && method !== "constructor" ? [`${name}.${method}`] : [],
      );
    return [...methods(type), ...methods(type.prototype)];
  });
  expect(Object.keys(classRows).sort()).toEqual(found.sort());
});

describe("methods called with what is none", () => {
  for (const [name, makeRow] of Object.entries(classRows)) {
    const of = makeRow();
    if ("exempt" in of) continue;
    test(name, async () => {
      const found: string[] = [];
      const make = () => {
        const row = makeRow() as Row;
        return { row, f: row.call as (...args: unknown[]) => unknown };
      };
      await sweep(name, make, found);
      expect(found).toEqual([]);
    });
  }
});

async function sweep(
  name: string,
  make: () =>
    | { row: Row; f: (...args: unknown[]) => unknown }
    | Promise<{ row: Row; f: (...args: unknown[]) => unknown }>,
  found: string[],
): Promise<void> {
  const { row, f } = await make();
  const given = Object.values(row.args).map((a) => a.valid);
  for (const wrong of wrongCalls(row)) {
    const trouble = await complaint(() => f(...wrong.given), row.says ?? `${name}: `, wrong.names);
    if (trouble !== null) found.push(`${name}${show(wrong.given)}: ${trouble}`);
  }
  const valid = async () => {
    const again = await make();
    const result = await firstOf(await again.f(...Object.values(again.row.args).map((a) => a.valid)));
    return { result, row: again.row };
  };
  const { result } = await valid().catch((error) => {
    found.push(`${name}${show(given)} is valid, but: ${(error as Error).stack}`);
    return { result: undefined };
  });
  const methods = row.methods ?? {};
  const functions = functionsOf(result);
  for (const method of functions.keys())
    if (!Object.hasOwn(methods, method))
      found.push(`${name}() gives ${method || "a function"}, which has no row`);
  for (const [method, of] of Object.entries(methods)) {
    if (!functions.has(method)) found.push(`${name}() gives no ${method}`);
    else if (!("exempt" in of))
      await sweep(
        method === "" ? name : `${name}.${method}`,
        async () => {
          const again = await valid();
          return { f: functionsOf(again.result).get(method)!, row: again.row.methods![method] as Row };
        },
        found,
      );
  }
  await row.after?.(result);
}
