import { chain, fromArray, Key, lstm, Structure, tensor, zeros } from "longspan";
import {
  type Arguments,
  anything,
  argument,
  choice,
  count,
  dtype,
  flag,
  key,
  maybe,
  positive,
  settings,
  size,
  text,
  thing,
  tree,
  value,
} from "./arguments.js";
import { exempt, method, type Rows, row } from "./calls.js";

export const delays = () => argument({ in: 2 }, [], { in: 0 }, { in: "x" }, { in: null }, { in: [] });
const treeSettings = () => settings({ labels: maybe(flag(true)) });
const names = () => maybe(argument(["in"], ["list"], ["in", 5]));
const unnamed = (valid: unknown, ...wrong: unknown[]) => ({
  ...argument(valid, ["list"], ...wrong),
  unnamed: true,
});

/** Functions over sets: they take values of the step of a cell. */
const overSets = [
  "setArgmax",
  "setAt",
  "setCount",
  "setLogSoftmax",
  "setLogSumExp",
  "setMax",
  "setMean",
  "setPlaces",
  "setSoftmax",
  "setSum",
];

export const structureRows: Rows = {
  ...Object.fromEntries(
    overSets.map((name) => [name, () => exempt("inside the step of a cell only: tests/sets.test.ts")]),
  ),
  StructureError: () => exempt("an error"),
  chain: () =>
    row({
      lengths: argument([3, 1], ["list"], [-1], [1.5], ["3"], [null]),
      options: settings({
        reverse: maybe(flag(false)),
        examples: maybe(argument([7, 8], [], [1], ["x", "y"])),
        owners: maybe(argument([1, 0], [], [1], [-1, 0], ["x", "y"])),
        sequences: maybe(argument(2, [], -1, 1.5, 1)),
        delays: maybe(delays()),
      }),
    }),
  graph: () =>
    row({
      graphs: unnamed(
        [{ nodes: 2, edges: [{ from: 0, to: 1 }] }],
        [5],
        [null],
        [{}],
        [{ nodes: 2 }],
        [{ nodes: -1, edges: [] }],
        [{ nodes: 2, edges: [5] }],
        [{ nodes: 2, edges: [{ from: "x", to: 1 }] }],
        [{ nodes: 2, edges: [], finals: ["x"] }],
        [{ nodes: 2, edges: [], clock: ["x", 1] }],
        [{ nodes: 2, edges: [{ from: 0, to: "initial" }] }],
        [{ node: 2, edges: [] }],
      ),
      options: settings({ ports: names() }),
    }),
  balancedTree: () => row({ length: count(5), arity: maybe(argument(3, ["number"], 1, 0, -2, 2.5, "3")) }),
  parseTree: () => row({ text: text("(a (b c) (d e))"), options: treeSettings() }),
  parseTrees: () => row({ text: text("(a b) (c d)"), options: treeSettings() }),
  TreeFormatError: () => exempt("an error"),
  grid: () =>
    row({
      sizes: argument([[2, 3]], ["list"], [5], [[2]], [[2, -1]], [[2, "3"]], [null]),
      options: settings({ from: maybe(choice("left")), examples: maybe(argument([7], [], [1, 2], ["x"])) }),
    }),
  trees: () =>
    row({
      forest: unnamed(
        [{ children: [[1], []] }],
        [5],
        [null],
        [{}],
        [{ children: 5 }],
        [{ children: [5] }],
        [{ children: [["x"], []] }],
        [{ childs: [] }],
      ),
      options: settings({ ports: names() }),
    }),
  Structure: () =>
    row(
      { parts: settings(parts()) },
      { says: "Structure: ", call: ((p: never) => new Structure(p)) as never },
    ),
  unfold: () => {
    const cell = lstm({ input: 3, hidden: 4 });
    return row(
      {
        cell: thing(cell),
        params: tree(cell.init(Key.of(1))),
        inputs: argument({ x: zeros([4, 3]) }, [], { x: 5 }, { y: zeros([4, 3]) }, { x: null }),
        structure: thing(chain([3, 1])),
        options: settings({
          initial: maybe(argument({ h: zeros([2, 4]) }, ["record"], { h: 5 }, { g: zeros([2, 4]) })),
          key: maybe(key()),
          backward: maybe(
            argument(
              { kind: "truncated", every: 2 },
              [],
              { kind: "full", every: 3 },
              { kind: "truncated", every: 0 },
            ),
          ),
          clipState: maybe(positive(1)),
          probes: maybe(argument({}, ["record"], { writes: { h: 5 } }, { reads: 5 })),
          pullback: maybe(argument({ of: {} }, ["record"], { of: 5 })),
          states: maybe(flag(true)),
          activations: maybe(flag(true)),
          loop: maybe(choice("plain")),
        }),
      },
      { says: "unfold" },
    );
  },
  castTree: () => row({ tree: anything({ w: tensor([1]) }), dtype: { ...dtype(), mayBeAbsent: false } }),
};

const sets = chain([2]).withSets({ source: [3] });

export const structureMethods: Rows = {
  "Structure.pack": () => method(chain([2]), "pack", { concatenated: value(tensor([1, 2])) }),
  "Structure.unpack": () => method(chain([2]), "unpack", { rows: value(tensor([1, 2])) }),
  "Structure.packEdges": () => method(chain([2]), "packEdges", { concatenated: value(tensor([1, 2])) }),
  "Structure.unpackEdges": () => method(chain([2]), "unpackEdges", { rows: value(tensor([1, 2])) }),
  "Structure.sumPerSequence": () => method(chain([2]), "sumPerSequence", { rows: value(tensor([1, 2])) }),
  "Structure.rowsOf": () => method(chain([2]), "rowsOf", { sequence: count(0) }),
  "Structure.transposed": () => method(chain([2]), "transposed", {}),
  "Structure.reversed": () => method(chain([2]), "reversed", {}),
  "Structure.truncated": () => method(chain([2]), "truncated", { every: size(2) }),
  "Structure.checkClock": () => method(chain([2]), "checkClock", {}),
  "Structure.positions": () => method(chain([2]), "positions", {}),
  "Structure.startingAt": () =>
    method(chain([2]), "startingAt", { step: value(fromArray([3], [], "int32")) }),
  "Structure.withSets": () =>
    method(chain([2]), "withSets", {
      sets: argument({ source: [3] }, ["record"], { source: [] }, { source: [-1] }, { source: ["x"] }),
    }),
  "Structure.set": () => method(sets, "set", { name: thing("source", "text") }),
  "Structure.pairs": () => method(sets, "pairs", { set: thing("source", "text") }),
  "Structure.onlySets": () => method(sets, "onlySets", { names: argument(["source"], ["list"]) }),
  "Structure.nodesPerSequence": () => method(chain([2]), "nodesPerSequence", {}),
  "Structure.derive": () => exempt("private"),
  "Structure.checkRows": () => exempt("private"),
};

const optional = ["edgeOrder", "own", "sourceSequence", "sinkSequence", "gridSizes"];

function parts(): Arguments {
  const { nodes, sequences, sources, sinks, edges, inPorts, outPorts, pushes, ...others } = chain([2]).parts;
  return {
    nodes: count(nodes),
    sequences: count(sequences),
    sources: count(sources),
    sinks: count(sinks),
    edges: argument(edges, [], { from: 5 }),
    inPorts: argument(inPorts, ["list"]),
    outPorts: argument(outPorts, ["list"]),
    pushes: flag(pushes),
    ...Object.fromEntries(
      Object.entries(others).map(([name, t]) => {
        const table = { valid: t, wrong: [5, "x", {}, []] };
        return [name, optional.includes(name) ? maybe(table) : table];
      }),
    ),
  };
}
