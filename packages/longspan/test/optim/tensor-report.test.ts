import { chain, grad, sum, type Value } from "longspan";
import { describe, expect, it } from "vitest";
import { allFinite, describeNonFinite, reportTensors } from "../../src/optim/index.js";
import { fromArray, scope, tensor, zeros } from "../../src/tensor/index.js";
import { good, planted } from "./explosions.js";
import { item } from "./trees.js";

describe("allFinite", () => {
  it("tells", () => {
    expect(item(allFinite(good()))).toBe(1);
    expect(item(allFinite({}))).toBe(1);
    expect(item(allFinite({ none: zeros([0, 3]), whole: tensor([1], "int32") }))).toBe(1);
    expect(item(allFinite(fromArray([3e38, 3e38], [2])))).toBe(1);
    for (const grads of planted()) expect(item(allFinite(grads))).toBe(0);
  });
});

describe("the report", () => {
  const x = Number.NaN;
  const inf = Number.POSITIVE_INFINITY;
  const caught: unknown[] = [];
  const grads = () => ({
    layers: [
      {
        U: tensor([
          [1, 2, 3],
          [4, x, -inf],
        ]),
      },
      { U: tensor([1]) },
    ],
    c: tensor(inf),
    counts: tensor([1], "int32"),
  });

  it("lists the float tensors, with their norms, counts and the first place that is not finite", async () => {
    expect(await reportTensors(grads())).toEqual([
      { path: "layers[0].U", shape: [2, 3], norm: Math.sqrt(30), nan: 1, inf: 1, first: [1, 1] },
      { path: "layers[1].U", shape: [1], norm: 1, nan: 0, inf: 0, first: null },
      { path: "c", shape: [], norm: 0, nan: 0, inf: 1, first: [] },
    ]);
    const [huge] = await reportTensors([fromArray([3e300, 4e300], [2], "float64")]);
    expect(huge!.norm / 5e300).toBeCloseTo(1, 14);
    expect(await reportTensors({ structure: chain([2]), text: "x", none: null })).toEqual([]);
    grad((w: Value) => {
      reportTensors({ w }).catch((e: unknown) => caught.push(e));
      return sum(w);
    })(tensor([1]));
    await Promise.resolve();
    expect(String(caught)).toContain('"w" is being traced or differentiated and holds no data');
  });

  it("may be awaited after the scope of the tensors has ended", async () => {
    let pending: Promise<unknown> = Promise.resolve();
    scope(() => {
      pending = reportTensors(grads());
    });
    expect(await pending).toHaveLength(3);
  });

  it("is told in words", async () => {
    expect((await reportTensors(grads())).map(describeNonFinite)).toEqual([
      '"layers[0].U" [2, 3]: 1 NaN, 1 Inf, first at [1, 1]',
      null,
      '"c" []: 1 Inf, first at []',
    ]);
  });
});
