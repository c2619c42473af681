import { describe, expect, it } from "vitest";
import { allFinite, NonFiniteGradientError, reportNonFinite } from "../../src/optim/index.js";
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

  it("lists the parameters concerned, with counts and the first place", async () => {
    expect(await reportNonFinite(grads())).toEqual([
      { path: "layers[0].U", shape: [2, 3], nan: 1, inf: 1, first: [1, 1] },
      { path: "c", shape: [], nan: 0, inf: 1, first: [] },
    ]);
    expect(await reportNonFinite(good())).toEqual([]);
  });

  it("may be awaited after the scope of the gradients has ended", async () => {
    let pending: Promise<unknown> = Promise.resolve();
    scope(() => {
      pending = reportNonFinite(grads());
    });
    expect(await pending).toHaveLength(2);
  });

  it("makes an error that names them", async () => {
    const report = await reportNonFinite(grads());
    const error = new NonFiniteGradientError(report, 12);
    expect(error).toMatchObject({ name: "NonFiniteGradientError", step: 12, report });
    expect(error.message).toBe(
      'the gradient at step 12 is not finite in "layers[0].U" [2, 3]: 1 NaN, 1 Inf, first at [1, 1]; "c" []: 1 Inf, ' +
        "first at []. Remedies: a smaller learning rate, clipByJointNorm, or onExplosion to go on without such steps.",
    );
    expect(new NonFiniteGradientError([]).message).toContain("although every gradient is");
    const named = new NonFiniteGradientError(report.slice(1), 12, "segment 3");
    expect(named.batch).toBe("segment 3");
    expect(named.message).toContain('the gradient at step 12 (segment 3) is not finite in "c" []: 1 Inf');
    const many = Array.from({ length: 30 }, () => report[0]!);
    expect(new NonFiniteGradientError(many).message).toContain("; and 22 more.");
  });
});
