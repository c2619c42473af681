import { chain, draw, drawUnfolded, languageModel, lstm, rnn, StructureError, trees } from "longspan";
import { describe, expect, it } from "vitest";
import { libraryCells, libraryMachines } from "../../../../tests/library-cells.js";
import { randomSubject } from "../../../../tests/random-cells/generate.js";
import { type Layout, laidOut } from "../../src/draw/layout.js";
import { withoutLoneReads } from "../../src/draw/trimmed.js";
import { unitsOf } from "../../src/draw/units.js";
import { wiringOfCell } from "../../src/draw/wiring-of-cell.js";

const sizes = { input: 3, hidden: 4 };
const cells = [...libraryCells("chains", sizes), ...libraryCells("trees", sizes)];

/** The first two nodes of a drawing that touch. */
function touching({ nodes }: Layout): string | null {
  for (const [i, a] of nodes.entries())
    for (const b of nodes.slice(i + 1))
      if (
        Math.abs(a.x - b.x) < a.halfWidth + b.halfWidth &&
        Math.abs(a.y - b.y) < a.halfHeight + b.halfHeight
      )
        return `${a.symbol} and ${b.symbol}`;
  return null;
}

describe("drawings of the library's cells", () => {
  for (const [name, cell] of cells) {
    it(`${name}: nothing touches, and every state that is read passes a delay`, () => {
      const wiring = wiringOfCell(cell.trace("float32"));
      const diagram = withoutLoneReads(unitsOf(wiring));
      const laid = laidOut(diagram);
      expect(touching(laid)).toBeNull();
      const used = new Set(wiring.steps.flatMap((step) => step.inputs));
      const reads = wiring.memories.flatMap((m) => m.reads).filter(({ wire }) => used.has(wire));
      expect(diagram.edges.filter((e) => e.delay)).toHaveLength(reads.length);
      for (const n of laid.nodes) {
        expect(n.x - n.halfWidth).toBeGreaterThanOrEqual(0);
        expect(n.x + n.halfWidth).toBeLessThanOrEqual(laid.width);
      }
    });
  }

  it("are the same each time, in every detail", () => {
    for (const [name, cell] of cells)
      for (const detail of ["variables", "units", "operations"] as const) {
        const svg = draw(cell, { detail });
        expect(draw(cell, { detail }) === svg, name).toBe(true);
        expect(svg).toContain('class="delay"');
        expect(wrongIn(svg), name).toBeNull();
      }
  });

  it("of machines with a memory show their variables", () => {
    for (const [name, cell] of libraryMachines({ ...sizes, rows: 5, width: 3 })) {
      const svg = draw(cell);
      expect(wrongIn(svg), name).toBeNull();
      for (const slot of Object.keys(cell.state)) expect(svg, name).toMatch(new RegExp(`[ >,]${slot}[,<]`));
    }
  });

  it("of random cells have all that is there, with and without sets, and unfolded", () => {
    for (let seed = 0; seed < 40; seed++) {
      const { cell, structure } = randomSubject(seed, { sets: seed % 2 === 1 });
      for (const detail of ["variables", "units"] as const)
        expect(wrongIn(draw(cell, { detail })), `seed ${seed}`).toBeNull();
      if (structure.nodes > 0) expect(wrongIn(drawUnfolded(cell, structure)), `seed ${seed}`).toBeNull();
    }
  });
});

/** What no drawing has in it. */
function wrongIn(svg: string): string | null {
  return /.{0,40}(NaN|undefined).{0,40}/.exec(svg)?.[0] ?? null;
}

describe("what cannot be drawn", () => {
  const cell = lstm(sizes);
  it("says so", () => {
    expect(() => draw({} as never)).toThrow(
      new TypeError(
        "draw: the first argument is a cell, such as lstm({ input: 3, hidden: 4 }), or a layer or model with init and apply; got an empty record",
      ),
    );
    expect(() => drawUnfolded(cell, trees([{ children: [[1], []] }]), { detail: "units" })).toThrow(
      new StructureError(
        'drawUnfolded: detail "units" is drawn along chains, and the structure is none; leave detail out, which shows the variables',
      ),
    );
    expect(() => drawUnfolded(cell, chain([300]))).toThrow(
      new StructureError(
        "drawUnfolded: the structure has 300 nodes; a drawing shows 1 to 200: give a smaller one, such as chain([4])",
      ),
    );
    expect(() => drawUnfolded(cell, chain([0]))).toThrow(/the structure has 0 nodes/);
    const left = libraryCells("trees", sizes).find(([name]) => name === "binaryTreeLstm")![1];
    expect(() => drawUnfolded(left, trees([{ children: [[1], []] }]))).toThrow(
      new StructureError(
        'drawUnfolded: cell binaryTreeLstm reads through the ports left, right, the structure has in; make it with trees(forest, { ports: ["left", "right"] })',
      ),
    );
    expect(() => draw({ init: () => ({}), apply: () => null } as never)).toThrow(
      /^draw: the model is no sequence layer, so what it is applied to is not known; give arguments/,
    );
  });

  it("is not a language model, whose symbols are looked up in a table", () => {
    expect(draw(languageModel({ vocabulary: 7, features: 4, hidden: 5 }))).toContain(">E");
    expect(draw(rnn(sizes), { title: 'a "net" <1>' })).toContain(
      "<title>a &quot;net&quot; &lt;1&gt;</title>",
    );
  });
});
