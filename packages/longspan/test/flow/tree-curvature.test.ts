import {
  add,
  concat,
  curvatureByLag,
  grad,
  hessianVectorProduct,
  jvp,
  Key,
  leaves,
  logSumExp,
  mapTree,
  markModelOutputs,
  normal,
  onCpu,
  reshape,
  slice,
  sub,
  sum,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { expect, test } from "vitest";
import { type Slots, treeCells } from "./cells.js";
import { manyWays, nothingAdded, statesOf, structureOf, twoWays } from "./unrolled.js";

const list = (v: unknown) => leaves(v).flatMap((x) => Array.from(onCpu(x as Value).toArray()));
const inner = (a: readonly number[], b: readonly number[]) => a.reduce((p, v, i) => p + v * b[i]!, 0);
const close = (a: number, b: number) =>
  expect(Math.abs(a - b)).toBeLessThan(1e-10 * Math.max(1e-3, Math.abs(b)));
/** Convex in z, of a Hessian that depends on z. */
const convex = (z: Value) => sum(sub(logSumExp(z), slice(z, 1, 0, 1)));

for (const subject of treeCells) {
  const { cell } = subject;
  test(`${cell.name}: over trees each number is that of a loop by hand with a copy of the weights at each distance`, async () => {
    const structure = structureOf((cell.ports.length > 0 ? twoWays : manyWays).slice(1), cell);
    const x = normal(Key.of(2), [structure.nodes, 2], "float64");
    const params = cell.init(Key.of(1), "float64") as Slots;
    const { from, to } = structure.parts.edges;
    const finals = [...from].filter((_, e) => to[e]! < 0);
    const { reads } = structure;
    const distance = (row: number): number =>
      finals.includes(row)
        ? 0
        : 1 + Math.min(...[...reads.node].filter((_, e) => reads.from[e] === row).map(distance));
    const distances = Array.from({ length: structure.nodes }, (_, row) => distance(row));

    const { layers } = await curvatureByLag(
      ((p: never) =>
        convex(markModelOutputs(add(unfold(cell, p, { x }, structure).final.h as Value, 0)))) as never,
      params as never,
    );
    const outputs = (copies: readonly Slots[]) => {
      const states = statesOf(
        subject,
        structure,
        (row) => copies[distances[row]!]!,
        x,
        nothingAdded(cell, structure),
      );
      return concat(
        finals.map((row) => reshape(states[row]!.h!, [1, 3])),
        0,
      );
    };
    const most = Math.max(...distances);
    const copies = Array.from({ length: most + 1 }, () => params);
    const total = (c: readonly Slots[]) => convex(outputs(c));
    const z = outputs(copies);
    const g = grad(total as never)(copies as never) as unknown as Slots[];
    expect(layers[0]!.lags.map((l) => l.lag)).toEqual(copies.map((_, lag) => lag));
    for (const { lag, gradient, own, tied } of layers[0]!.lags) {
      const size = Math.sqrt(inner(list(g[lag]), list(g[lag])));
      close(gradient, size);
      const only = copies.map((_, k) =>
        k === lag ? g[lag]! : mapTree(params, (v) => zeros(v.shape, "float64")),
      );
      for (const [found, direction] of [
        [own!, only],
        [tied!, copies.map(() => g[lag]!)],
      ] as const) {
        const hv = hessianVectorProduct(total as never)(copies as never, direction as never);
        close(found.hessian, inner(list(hv), list(direction)) / size ** 2);
        const slope = jvp(outputs as never)(copies as never, direction as never).tangent as Value;
        const curved = hessianVectorProduct(convex)(z as never, slope as never);
        close(found.gaussNewton!, inner(list(curved), list(slope)) / size ** 2);
      }
    }
  });
}
