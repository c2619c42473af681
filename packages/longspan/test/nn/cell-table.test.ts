import { readdirSync } from "node:fs";
import { type CellName, cellTable, chain, grid, Key, namedCell, ones, trees, unfold } from "longspan";
import { describe, expect, it } from "vitest";

const names = Object.keys(cellTable) as CellName[];
const sizes = { input: 3, hidden: 4 };
/** Rows that are a cell of the folder with settings, and what that calls itself. */
const variants: Partial<Record<CellName, string>> = {
  peepholeLstm: "lstm.peepholes",
  coupledLstm: "lstm.coupled",
  projectedLstm: "lstm.projection",
  deepRnn: "rnn with depth",
};

describe("the table of cells", () => {
  it("has every cell of the folder", () => {
    const others = [
      "gates",
      "groups",
      "heads",
      "index",
      "inner-cell",
      "named-cell",
      "output-slot",
      "port-gates",
      "settings",
      "table",
      "tree-node",
      "with-depth",
    ];
    const files = readdirSync(new URL("../../src/nn/cells/", import.meta.url)).map((file) =>
      file.slice(0, -3),
    );
    const cells = files
      .filter((file) => !others.includes(file))
      .map((file) => file.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()));
    expect(names.filter((name) => !(name in variants)).sort()).toEqual(cells.sort());
  });

  for (const name of names)
    it(`${name} is what its row says`, () => {
      const { over, projects = false } = cellTable[name];
      const cell = namedCell(name, { ...sizes, ...(projects ? { projection: 2 } : {}) });
      expect(cell.name).toBe(variants[name] ?? name);
      expect(Object.keys(cell.inputs)).toEqual(["x"]);
      const { ports } = cell;
      const structure =
        over === "chains"
          ? chain([2])
          : over === "grids"
            ? grid([[1, 2]])
            : trees([{ children: [[1], []] }], ports.length > 0 ? { ports } : {});
      const { output } = unfold(cell, cell.init(Key.of(1)), { x: ones([2, 3]) }, structure);
      expect(output.shape).toEqual([2, projects ? 2 : 4]);
    });

  it("says what it does not know, and what lacks or has a projection", () => {
    expect(() => namedCell("toString" as "lstm", sizes)).toThrow(
      new RangeError(`namedCell: name is one of ${names.join(", ")}, got "toString"`),
    );
    expect(() => namedCell("projectedLstm", sizes)).toThrow(
      new RangeError(
        "namedCell: the cell projectedLstm needs a projection, the number of units that it hands on",
      ),
    );
    expect(() => namedCell("gru", { ...sizes, projection: 2 })).toThrow(
      new RangeError(
        "namedCell: a projection of 2 units, but the cell gru projects nothing; use projectedLstm",
      ),
    );
  });
});
