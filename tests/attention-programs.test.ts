import { additiveAddressing, attend, gru, lstm, multiplicativeAddressing, windowAddressing } from "longspan";
import {
  type CellGraph,
  type CompiledCell,
  chain,
  defaultExecutor,
  executableFor,
  kinds,
  linearized,
  printProgram,
  type Structure,
  splitProducts,
  transposed,
} from "longspan/engine";
import { describe, expect, test } from "vitest";
import { pointerCells } from "../packages/longspan/src/nn/sequence-to-sequence/pointer-cell.js";

/** The program of a run, and those of a training step: outputs wanted at all nodes, gradients to inputs and parameters. */
function programs(graph: CellGraph): Record<"run" | "forward" | "backward", CompiledCell["program"]> {
  const cell = splitProducts(graph);
  const none = cell.sourceSlots.map(() => false);
  const executor = defaultExecutor();
  const compiled = (of: CellGraph, over: Structure, ends: readonly boolean[]) =>
    executableFor(
      { cell: of, structure: over, initials: ends, finals: ends, backward: { kind: "full" } },
      executor,
    ).compiled.program;
  const floats = cell.values.map((v) => v.variable.dtype !== "int32");
  const lin = linearized(cell, floats, none);
  const t = transposed(
    lin.tangent,
    lin.residuals.length,
    lin.tangent.outputs.map(() => true),
    lin.tangent.sinkSlots.map(() => false),
  );
  const ends = t.cell.sourceSlots.map(() => false);
  return {
    run: compiled(cell, structure, none),
    forward: compiled(lin.forward, structure, none),
    backward: compiled(t.cell, structure.transposed(), ends),
  };
}

const structure = chain([5, 5]).withSets({ source: [3, 4] });
const sizes = { input: 3, hidden: 4, source: 5 };
const count = (list: readonly { readonly kind: string }[], kind: string) =>
  list.filter((instruction) => instruction.kind === kind).length;

describe("additive attention before a GRU", () => {
  const { graph } = attend(gru, { ...sizes, addressing: additiveAddressing({ size: 6 }) }).trace("float32");
  const { run, forward, backward } = programs(graph);
  test("the keys are formed once, before the loop, and so is what reads x", () => {
    for (const program of [run, forward]) {
      expect(kinds(program.before)).toEqual(["gemm", "gemm"]);
      expect(printProgram(program)).toMatch(/before:\n {2}gemm<member0> \S+ = source\.h \. address\.U@0/);
      expect(kinds(program.after)).toEqual([]);
    }
  });
  test("per level: four products, and maps for scores, e^score, weights, gates and state", () => {
    // The products: h W of the addressing, h W of the gates, c U, and (r h) Wtarget.
    const loop =
      "gemm gemm map segmentMax map segmentSum map segmentMap gemm map gemm map"; /* c is a sum over members in one instruction */
    expect(kinds(run.loop)).toEqual(loop.split(" "));
    expect(kinds(forward.loop)).toEqual(loop.split(" "));
    expect(printProgram(run)).toMatchSnapshot();
  });
  test("backward: per level one product for each of the forward ones, and what sums over pairs for parameters after the loop", () => {
    expect(kinds(backward.before)).toEqual([]);
    expect(count(backward.loop, "gemm")).toBe(4);
    expect(count(backward.loop, "map")).toBe(5);
    expect(count(backward.loop, "segmentSum") + count(backward.loop, "segmentMap")).toBe(2);
    expect(count(backward.loop, "outerSum")).toBe(0);
    expect(printProgram(backward)).toMatchSnapshot();
  });
  test("tanh(q + k) of all pairs is stored nowhere: pairs cost a number each", () => {
    for (const program of [run, forward, backward])
      for (const buffer of program.buffers) if (buffer.space === "pair0") expect(buffer.columns).toBe(1);
  });
});

describe("attention after an LSTM", () => {
  const settings = { ...sizes, addressing: multiplicativeAddressing(), attends: "after" } as const;
  test("leaves the loop where it is not fed back: the loop is that of the LSTM alone", () => {
    const { run, forward, backward } = programs(attend(lstm, settings).trace("float32").graph);
    for (const program of [run, forward]) {
      expect(kinds(program.loop)).toEqual(["gemm", "map"]);
      expect(kinds(program.after)).toContain("segmentMap");
    }
    expect(kinds(backward.loop)).toEqual(["map", "gemm"]);
    expect(printProgram(run)).toMatchSnapshot();
  });
  test("stays in the loop where it is: keys before it, four products per level", () => {
    const { graph } = attend(lstm, { ...settings, inputFeeding: true }).trace("float32");
    const { run } = programs(graph);
    expect(kinds(run.before)).toEqual(["gemm", "gemm"]);
    // h W and o U of the cell, and [c, h] W, which is a product of each half.
    expect(count(run.loop, "gemm")).toBe(4);
    expect(kinds(run.after)).toEqual([]);
    expect(printProgram(run)).toMatchSnapshot();
  });
});

test("a window looks at no keys: no product with the source, and no softmax", () => {
  const { graph } = attend(gru, { ...sizes, addressing: windowAddressing({ components: 2 }) }).trace(
    "float32",
  );
  const { run } = programs(graph);
  expect(count(run.before, "gemm")).toBe(1);
  expect(count(run.loop, "segmentMax")).toBe(0);
  expect(printProgram(run)).toMatchSnapshot();
});

describe("a pointer network's LSTM", () => {
  const parts = { what: "test", maker: lstm, hidden: 4, member: 2, key: 5 };
  const { forced, free } = pointerCells({ ...parts, addressing: additiveAddressing({ size: 6 }) } as never);
  test("points after the loop where it is told what is right: the loop is that of the LSTM alone", () => {
    const { run, forward, backward } = programs(forced.trace("float32").graph);
    for (const program of [run, forward]) expect(kinds(program.loop)).toEqual(["gemm", "map"]);
    expect(kinds(backward.loop)).toEqual(["map", "gemm"]);
    expect(printProgram(run)).toMatchSnapshot();
  });
  test("chooses in the loop where it reads its own choices, and forms the keys before it", () => {
    const { graph } = free.trace("float32");
    const none = graph.sourceSlots.map(() => false);
    const attrs = { cell: splitProducts(graph), structure, initials: none, finals: none };
    const { program } = executableFor({ ...attrs, backward: { kind: "full" } }, defaultExecutor()).compiled;
    expect(kinds(program.before)).toEqual(["gemm"]);
    expect(kinds(program.loop)).toContain("segmentMax");
    expect(printProgram(program)).toMatchSnapshot();
  });
});
