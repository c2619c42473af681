import {
  add,
  chain,
  cosineScores,
  defineCell,
  executor,
  Key,
  matmul,
  mul,
  normal,
  onCpu,
  type ParamSpec,
  reshape,
  sigmoid,
  softmax,
  split,
  sub,
  sum,
  tanh,
  unfold,
  useExecutor,
  valueAndGrad,
} from "longspan";
import {
  type CellGraph,
  compileCell,
  defaultExecutor,
  kinds,
  linearized,
  type MapInstruction,
  type Program,
  splitProducts,
  transposed,
} from "longspan/engine";
import { afterAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const [N, W, H] = [24, 12, 10];
const drawn = (...shape: number[]): ParamSpec => ({
  shape,
  initialise: (key, s, dtype) => mul(normal(key, s, dtype), 0.3),
});

/** Reads a memory [N, W] by content, erases a part of it and adds to it: what all memory cells do. */
const reader = defineCell({
  name: "reader",
  inputs: () => ({ x: [3] }),
  state: () => ({ h: [H], memory: [N, W] }),
  params: () => ({ U: drawn(3, H), R: drawn(W, H), K: drawn(H, 3 * W) }),
  step({ x, h, memory }, { U, R, K }) {
    const said = tanh(add(matmul(x, U), h));
    const all = matmul(said, K);
    const [key, erase, content] = split(all, 3);
    const w = softmax(cosineScores(key, memory, sum(mul(said, 0.1))));
    const found = matmul(w, memory);
    const column = reshape(w, [N, 1]);
    const next = add(mul(memory, sub(1, mul(column, sigmoid(erase)))), mul(column, tanh(content)));
    return { state: { h: matmul(found, R), memory: next }, output: found };
  },
})(undefined);

/** The delta rule. */
const delta = defineCell({
  name: "delta",
  inputs: () => ({ x: [W] }),
  state: () => ({ S: [N, W] }),
  params: () => ({ K: drawn(W, W), V: drawn(W, N) }),
  step({ x, S }, { K, V }) {
    const [k, v] = [softmax(matmul(x, K)), matmul(x, V)];
    const error = sub(v, matmul(S, k));
    const next = add(S, mul(reshape(error, [N, 1]), k));
    return { state: { S: next }, output: matmul(next, k) };
  },
})(undefined);

function programs(graph: CellGraph): { forward: Program; backward: Program } {
  const cell = splitProducts(graph);
  const compiled = (of: CellGraph) =>
    compileCell(
      of,
      { arrivals: of.inPorts.map(() => "single" as const), sinks: "single" },
      of.sourceSlots.map(() => false),
      of.sinkSlots.map(() => false),
    ).program;
  const lin = linearized(
    cell,
    cell.values.map(() => true),
    cell.sourceSlots.map(() => false),
  );
  const back = transposed(
    lin.tangent,
    lin.residuals.length,
    lin.tangent.outputs.map(() => true),
    lin.tangent.sinkSlots.map(() => false),
  );
  return { forward: compiled(lin.forward), backward: compiled(back.cell) };
}

/** Matrices that the loop writes and that are neither states nor results. */
function matricesBetween(program: Program, elements: number): string[] {
  const maps = program.loop.filter((i): i is MapInstruction => i.kind === "map");
  return maps
    .flatMap((map) => map.code)
    .flatMap((op) => (op.op === "store" ? [program.buffers[op.view.buffer]!] : []))
    .filter((b) => b.columns === elements && b.role === "level")
    .map((b) => b.name);
}

describe("cells whose states are matrices", () => {
  test("products of a row with its own matrix are part of maps: the delta rule is one map per level", () => {
    const { forward, backward } = programs(delta.trace("float32").graph);
    expect(kinds(forward.loop)).toEqual(["map"]);
    expect(kinds(backward.loop)).toEqual(["map"]);
  });

  test("no level stores a matrix that is no state, forward or backward", () => {
    for (const cell of [reader, delta]) {
      const { forward, backward } = programs(cell.trace("float32").graph);
      expect(matricesBetween(forward, N * W)).toEqual([]);
      expect(matricesBetween(backward, N * W)).toEqual([]);
    }
  });

  const before = defaultExecutor();
  afterAll(() => useExecutor(before));
  for (const { name } of executorRows)
    test.skipIf(name === "reference" || missing(name) !== undefined)(
      `${name}: the plain loop's gradients in float64`,
      () => {
        for (const cell of [reader, delta]) {
          const structure = chain([5, 3, 1]);
          const slot = cell === reader ? "memory" : "S";
          const gradients = (loop: "compiled" | "plain") => {
            const point = {
              params: cell.init(Key.of(1), "float64"),
              x: normal(Key.of(2), [9, cell === reader ? 3 : W], "float64"),
              initial: { [slot]: normal(Key.of(3), [3, N, W], "float64") },
            };
            const loss = (p: typeof point) =>
              sum(
                tanh(
                  unfold(cell as never, p.params as never, { x: p.x } as never, structure, {
                    loop,
                    initial: p.initial as never,
                  }).output as never,
                ),
              );
            return flat(valueAndGrad(loss as never)(point as never).grads);
          };
          useExecutor(executor("reference"));
          const expected = gradients("plain");
          useExecutor(executorOf(name));
          const found = gradients("compiled");
          expect(found.length).toBe(expected.length);
          expected.forEach((g, i) => {
            expect(Math.abs(g - found[i]!)).toBeLessThan(1e-11);
          });
        }
      },
    );
});

function flat(tree: unknown): number[] {
  if (tree && typeof tree === "object" && "dtype" in tree) return Array.from(onCpu(tree as never).toArray());
  return Object.keys(tree as object)
    .sort()
    .flatMap((k) => flat((tree as Record<string, unknown>)[k]));
}
