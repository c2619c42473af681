import { gaussianOutput, lstm, outputToHidden, teacherForcing } from "longspan";
import {
  add,
  type CellGraph,
  type CompiledCell,
  chain,
  concat,
  defaultExecutor,
  defineCell,
  div,
  executableFor,
  kinds,
  linearized,
  matmul,
  mean,
  mul,
  normal,
  type ParamSpec,
  printProgram,
  type Shape,
  type Structure,
  sigmoid,
  split,
  splitProducts,
  sqrt,
  sub,
  type Tensor,
  tanh,
  transposed,
  trees,
  type Value,
} from "longspan/engine";
import { describe, expect, test } from "vitest";

const spec = (...shape: number[]): ParamSpec => ({
  shape,
  initialise: (key, s: Shape, dtype): Tensor => mul(normal(key, s, dtype), 0.5),
});

/** As a user would write it: one weight matrix over [x, h], peepholes, and layer norm of the pre-activations. */
const peepholeNorm = defineCell({
  name: "peepholeNorm",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden], s: [hidden] }),
  params: ({ input, hidden }) => ({
    W: spec(input + hidden, 4 * hidden),
    b: spec(4 * hidden),
    p: spec(3 * hidden),
  }),
  step({ x, h, s }, { W, b, p }) {
    const [pf, pg, pq] = split(p, 3) as [Value, Value, Value];
    const z = matmul(concat([x, h]), W);
    const centred = sub(z, mean(z));
    const normed = add(div(centred, sqrt(add(mean(mul(centred, centred)), 1e-5))), b);
    const [f, g, i, q] = split(normed, 4) as [Value, Value, Value, Value];
    const kept = add(mul(sigmoid(add(f, mul(pf, s))), s), mul(sigmoid(add(g, mul(pg, s))), tanh(i)));
    const out = mul(tanh(kept), sigmoid(add(q, mul(pq, kept))));
    return { state: { h: out, s: kept }, output: out };
  },
});

/** A reset-after GRU with one more gate, on the candidate. */
const gatedGru = defineCell({
  name: "gatedGru",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ h: [hidden] }),
  params: ({ input, hidden }) => ({
    U: spec(input, 4 * hidden),
    W: spec(hidden, 4 * hidden),
    b: spec(4 * hidden),
  }),
  step({ x, h }, { U, W, b }) {
    const [xr, xu, xg, xc] = split(add(matmul(x, U), b), 4) as [Value, Value, Value, Value];
    const [hr, hu, hg, hc] = split(matmul(h, W), 4) as [Value, Value, Value, Value];
    const candidate = mul(tanh(add(xc, mul(sigmoid(add(xr, hr)), hc))), sigmoid(add(xg, hg)));
    const u = sigmoid(add(xu, hu));
    const next = add(mul(u, h), mul(sub(1, u), candidate));
    return { state: { h: next }, output: next };
  },
});

interface Pair {
  readonly forward: CompiledCell;
  readonly backward: CompiledCell;
}

/** The programs of a training step: outputs wanted at all nodes, gradients to inputs and parameters. */
function programs(graph: CellGraph, structure: Structure): Pair {
  const cell = splitProducts(graph);
  const none = cell.sourceSlots.map(() => false);
  const lin = linearized(
    cell,
    cell.values.map((v) => v.variable.dtype !== "int32"),
    none,
  );
  const t = transposed(
    lin.tangent,
    lin.residuals.length,
    lin.tangent.outputs.map(() => true),
    lin.tangent.sinkSlots.map(() => false),
  );
  const attrs = { initials: none, finals: none, backward: { kind: "full" as const } };
  const executor = defaultExecutor();
  const forward = executableFor({ cell: lin.forward, structure, ...attrs }, executor).compiled;
  const flags = t.cell.sourceSlots.map(() => false);
  const back = {
    cell: t.cell,
    structure: structure.transposed(),
    initials: flags,
    finals: flags,
    backward: attrs.backward,
  };
  return { forward, backward: executableFor(back, executor).compiled };
}

const size = { input: 3, hidden: 4 };

describe("LSTM over a chain", () => {
  const { forward, backward } = programs(lstm(size).trace("float32").graph, chain([5, 5]));
  test("inference: before, one GEMM; per level, one GEMM and one map; after, nothing", () => {
    const graph = lstm(size).trace("float32").graph;
    const none = [false, false];
    const attrs = {
      cell: graph,
      structure: chain([5, 5]),
      initials: none,
      finals: none,
      backward: { kind: "full" as const },
    };
    const { program } = executableFor(attrs, defaultExecutor()).compiled;
    expect(kinds(program.before)).toEqual(["gemm"]);
    expect(kinds(program.loop)).toEqual(["gemm", "map"]);
    expect(kinds(program.after)).toEqual([]);
    expect(printProgram(program)).toMatchSnapshot();
  });
  test("forward with residuals has the same instructions", () => {
    expect(kinds(forward.program.before)).toEqual(["gemm"]);
    expect(kinds(forward.program.loop)).toEqual(["gemm", "map"]);
    expect(kinds(forward.program.after)).toEqual([]);
    expect(printProgram(forward.program)).toMatchSnapshot();
  });
  test("backward: per level one map and one GEMM; after, one GEMM for each of dU, dW, dx and one column sum for db", () => {
    expect(kinds(backward.program.before)).toEqual([]);
    expect(kinds(backward.program.loop)).toEqual(["map", "gemm"]);
    expect(kinds(backward.program.after).sort()).toEqual(["gemm", "outerSum", "outerSum", "sumRows"]);
    expect(printProgram(backward.program)).toMatchSnapshot();
  });
  test("what the first derivative keeps, the second does not keep once more", () => {
    const cell = splitProducts(lstm(size).trace("float32").graph);
    const values = cell.values.map(() => true);
    const first = linearized(cell, values, [false, false]);
    const second = linearized(first.forward, values, [false, false]);
    const kept = second.forward.outputs.map((o) => o.value);
    expect(first.forward.outputs.length).toBeGreaterThan(cell.outputs.length);
    expect(new Set(kept).size).toBe(kept.length);
  });
  test("the same program serves every length and batch", () => {
    const longer = programs(lstm(size).trace("float32").graph, chain(new Array(7).fill(500)));
    expect(longer.forward.program).toBe(forward.program);
    expect(longer.backward.program).toBe(backward.program);
  });
});

describe("recurrence from the output alone, under teacher forcing", () => {
  const cell = outputToHidden({
    hidden: 4,
    context: 3,
    output: gaussianOutput({ features: 2 }),
    regime: teacherForcing(),
  });
  const { forward, backward } = programs(cell.trace("float32").graph, chain([5, 5]));
  test("no program has a loop: the steps do not depend on each other", () => {
    expect(forward.program.loop).toEqual([]);
    expect(backward.program.loop).toEqual([]);
    expect(kinds(forward.program.before).filter((k) => k === "gemm").length).toBeLessThanOrEqual(3);
    expect(printProgram(forward.program)).toMatchSnapshot();
  });
});

describe("a user's own cells need what their equations force", () => {
  test("a peephole LSTM with layer norm, one matrix over [x, h]: x W leaves the loop", () => {
    const { forward, backward } = programs(peepholeNorm(size).trace("float32").graph, chain([5, 5]));
    expect(kinds(forward.program.before)).toEqual(["gemm"]);
    expect(kinds(forward.program.loop)).toEqual(["gemm", "map"]);
    expect(kinds(forward.program.after)).toEqual([]);
    expect(kinds(backward.program.before)).toEqual([]);
    expect(kinds(backward.program.loop)).toEqual(["map", "gemm"]);
    expect(kinds(backward.program.after).filter((k) => k === "outerSum").length).toBe(2);
    expect(kinds(backward.program.after).filter((k) => k === "gemm").length).toBe(1);
  });
  test("a reset-after GRU with an extra gate", () => {
    const { forward, backward } = programs(gatedGru(size).trace("float32").graph, chain([5, 5]));
    expect(kinds(forward.program.before)).toEqual(["gemm"]);
    expect(kinds(forward.program.loop)).toEqual(["gemm", "map"]);
    expect(kinds(forward.program.after)).toEqual([]);
    // dh(t-1) = u dh + dz W': the GEMM adds to what the map has stored.
    expect(kinds(backward.program.loop)).toEqual(["map", "gemm"]);
    const gemm = backward.program.loop[1]!;
    expect(gemm.kind === "gemm" && gemm.accumulate).toBe(true);
  });
});

test("a cell whose state does not feed itself has no loop (output-to-hidden with the targets given)", () => {
  const forced = defineCell({
    name: "forced",
    inputs: () => ({ x: [3], y: [2] }),
    state: () => ({ o: [2] }),
    params: () => ({ U: spec(3, 4), R: spec(2, 4), V: spec(4, 2) }),
    step({ x, y, o }, { U, R, V }) {
      return { state: { o: y }, output: matmul(tanh(add(matmul(x, U), matmul(o, R))), V) };
    },
  })(undefined as never);
  const { forward, backward } = programs(forced.trace("float32").graph, chain([5, 3]));
  expect(forward.program.loop).toEqual([]);
  expect(backward.program.loop).toEqual([]);
});

test("a sum over rows that nothing waits for lets its operands be formed in the one map after the product", () => {
  const gated = defineCell({
    name: "gated",
    inputs: () => ({ x: [3], z: [3] }),
    state: () => ({}),
    params: () => ({ W: spec(3, 4) }),
    step: ({ x, z }, { W }) => ({ state: {}, output: matmul(mul(x, sigmoid(z)), W) }),
  })(undefined as never);
  const { program } = programs(gated.trace("float32").graph, chain([5, 3])).backward;
  expect(kinds(program.before)).toEqual(["gemm", "map", "outerSum"]);
  // What the product gives to the map, and what the map gives to the sum.
  expect(program.buffers.filter((b) => b.role === "temporary").length).toBe(2);
});

test("a child-sum tree cell: edge instructions, the sum over children, node instructions", () => {
  const childSum = defineCell({
    name: "childSum",
    inputs: () => ({ x: [3] }),
    state: () => ({ h: [4] }),
    params: () => ({ U: spec(3, 4), W: spec(4, 4), F: spec(4, 4) }),
    edge: ({ h }, { F }) => ({ h: mul(h, sigmoid(matmul(h, F))) }),
    step({ x, h }, { U, W }) {
      const next = tanh(add(matmul(x, U), matmul(h, W)));
      return { state: { h: next }, output: next };
    },
  })(undefined as never);
  const { forward } = programs(childSum.trace("float32").graph, trees([{ children: [[1, 2], [], []] }]));
  expect(kinds(forward.program.loop)).toEqual(["gemm", "map", "segmentSum", "gemm", "map"]);
});
