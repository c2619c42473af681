import { chain, graph, lstm, type Structure, trees } from "longspan";
import { describe, expect, test } from "vitest";
import { Layout } from "../../src/unfold/layout.js";
import { classOf } from "../../src/unfold/schedule.js";

/** Goes through the levels as a run does, and checks that each reader finds the state that it asks for. */
function follow(structure: Structure) {
  const layout = new Layout(structure, "direct");
  const { rowOf, count } = layout.recent;
  const { edges, levelBegin, levelEnd, sequenceOf, outPorts } = structure.parts;
  const rowIn = (row: number) => (rowOf === null ? row : rowOf[row]!);
  const holds = Array.from({ length: count }, (_, r) => (r < layout.headRows ? r : -1));
  const users = new Map<number, number>();
  const read = (e: number) => {
    const wanted = layout.stateRow(edges.from[e]!, edges.fromPort[e]!);
    expect(holds[rowIn(wanted)]).toBe(wanted);
  };
  levelBegin.forEach((begin, l) => {
    for (let e = 0; e < edges.to.length; e++)
      if (edges.to[e]! >= begin && edges.to[e]! < levelEnd[l]!) read(e);
    for (let n = begin; n < levelEnd[l]!; n++)
      for (let p = 0; p < outPorts.length; p++) {
        const row = layout.stateRow(n, p);
        holds[rowIn(row)] = row;
        const user = users.get(rowIn(row)) ?? sequenceOf[n]!;
        expect(user).toBe(sequenceOf[n]);
        users.set(rowIn(row), user);
      }
  });
  for (let e = 0; e < edges.to.length; e++) if (edges.to[e]! < 0) read(e);
  return { rows: count, of: layout.headRows + outPorts.length * structure.nodes };
}

function skipping(length: number, skip: number) {
  const edges = [];
  for (let t = 1; t < length; t++) {
    edges.push({ from: t - 1, to: t });
    if (t >= skip) edges.push({ from: t - skip, to: t });
  }
  return { nodes: length, edges };
}

describe("a buffer that keeps the states of a few levels", () => {
  test("chains: two levels, and the last state of each", () => {
    // Zeros, 3 initial states, 2 levels of 3, 3 last states.
    expect(follow(chain([100, 100, 100]))).toEqual({ rows: 13, of: 304 });
    expect(follow(chain([100, 100, 100]).transposed())).toEqual({ rows: 13, of: 304 });
    expect(follow(chain([50]))).toEqual({ rows: 5, of: 52 });
  });

  test("chains of different lengths, and of none", () => {
    expect(follow(chain([7, 0, 12, 1, 7]))).toEqual({ rows: 18, of: 33 });
    expect(follow(chain([7, 0, 12, 1, 7]).transposed())).toEqual({ rows: 18, of: 33 });
    expect(follow(chain([40, 3, 17]).truncated(5)).rows).toBe(13);
    expect(follow(chain([])).rows).toBe(1);
  });

  test("longer edges need more levels", () => {
    // Zeros, 4 levels of 1, the last state; on the way back it is what comes in.
    expect(follow(graph([skipping(60, 3)]))).toEqual({ rows: 6, of: 61 });
    expect(follow(graph([skipping(60, 3)]).transposed())).toEqual({ rows: 6, of: 62 });
  });

  test("where it would save nothing, or join sequences, each state has its own row", () => {
    expect(follow(chain([1, 1, 1]))).toEqual({ rows: 7, of: 7 });
    // The shorter path stands first: once it has ended, the longer one would take its place.
    expect(follow(graph([skipping(3, 9), skipping(40, 9)]))).toEqual({ rows: 44, of: 44 });
    const shapes = [{ children: [[1, 2], [], [3, 4], [], []] }, { children: [[1], [2], [3], []] }];
    for (const structure of [trees(shapes), trees(shapes).transposed()]) {
      const { rows, of } = follow(structure);
      expect(rows).toBe(of);
    }
  });
});

test("the state before lies where the new one is written, for chains of one length", () => {
  const { graph: cell } = lstm({ input: 2, hidden: 3 }).trace("float32");
  const before = cell.stateIn[0]![0]!;
  const asked = { ...cell, outputs: [{ ...cell.outputs[0]!, value: before }] };
  const classIn = (structure: Structure, of: typeof cell) =>
    classOf(new Layout(structure, "direct"), of).arrivals;
  expect(classIn(chain([4, 4, 4]), asked)).toEqual(["shifted"]);
  expect(classIn(chain([9]), asked)).toEqual(["shifted"]);
  expect(classIn(chain([4, 3, 2]), asked)).toEqual(["single"]);
  expect(classIn(chain([4, 4]).transposed(), asked)).toEqual(["single"]);
  expect(classIn(chain([]), asked)).toEqual(["single"]);
  // Nobody asks for it: one program serves chains of any lengths.
  expect(classIn(chain([4, 4, 4]), cell)).toEqual(["single"]);
});
