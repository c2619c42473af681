import { describe, expect, it } from "vitest";
import {
  adam,
  allFinite,
  applyUpdates,
  clipByJointNorm,
  clipByValue,
  compose,
  momentum,
  NonFiniteGradientError,
  reportNonFinite,
  sgd,
  skipNonFinite,
  stopNonFinite,
  type Transform,
} from "../../src/optim/index.js";
import { fromArray, scope, tensor, zeros } from "../../src/tensor/index.js";
import { item, numbers } from "./trees.js";

const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const start = () => ({
  cell: {
    U: tensor([
      [1, 2],
      [3, 4],
    ]),
    b: tensor([5, 6]),
  },
  c: tensor(7),
});
const good = () => ({
  cell: {
    U: tensor([
      [0.1, -2],
      [3, 0],
    ]),
    b: tensor([1, -1]),
  },
  c: tensor(0.5),
});
/** Gradients with one bad element, at each place in turn. */
const planted = bad.flatMap((x) => [
  {
    cell: {
      U: tensor([
        [1, 1],
        [x, 1],
      ]),
      b: tensor([1, 1]),
    },
    c: tensor(1),
  },
  {
    cell: {
      U: tensor([
        [1, 1],
        [1, 1],
      ]),
      b: tensor([1, x]),
    },
    c: tensor(1),
  },
  {
    cell: {
      U: tensor([
        [1, 1],
        [1, 1],
      ]),
      b: tensor([1, 1]),
    },
    c: tensor(x),
  },
]);

const rules = {
  sgd: sgd({ learningRate: 0.1 }),
  momentum: momentum({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  adam: adam({ learningRate: 0.1 }),
  "clipping and adam": compose(clipByValue(2), clipByJointNorm(1), adam({ learningRate: 0.1 })),
};

describe("skipNonFinite", () => {
  for (const [name, rule] of Object.entries<Transform<unknown>>(rules)) {
    it(`${name}: a bad step changes neither parameters nor state, and later steps are as if it had not been`, () => {
      for (const grads of planted) {
        const guarded = skipNonFinite(rule);
        const params = start();
        const first = guarded.update(good(), guarded.init(params), params);
        const p1 = applyUpdates(params, first.updates);
        const second = guarded.update(grads, first.state, p1);
        expect(numbers(second.updates)).toEqual([0, 0, 0, 0, 0, 0, 0]);
        expect(numbers(second.state.inner)).toEqual(numbers(first.state.inner));
        expect([item(second.state.skipped), item(second.state.lastSkipped)]).toEqual([1, 1]);
        const p2 = applyUpdates(p1, second.updates);
        expect(numbers(p2)).toEqual(numbers(p1));

        const third = guarded.update(good(), second.state, p2);
        const asIf = guarded.update(good(), first.state, p1);
        expect(numbers(third.updates)).toEqual(numbers(asIf.updates));
        expect(numbers(third.state.inner)).toEqual(numbers(asIf.state.inner));
        expect([item(third.state.skipped), item(third.state.lastSkipped)]).toEqual([1, 0]);
        expect(numbers(third.updates)).not.toEqual([0, 0, 0, 0, 0, 0, 0]);
      }
    });
  }

  it("counts", () => {
    const rule = skipNonFinite(rules.adam);
    const params = start();
    let state = rule.init(params);
    for (const grads of [good(), planted[0]!, good(), planted[4]!, planted[8]!])
      state = rule.update(grads, state, params).state;
    expect(item(state.skipped)).toBe(3);
    expect(item(state.inner.step)).toBe(2);
  });

  it("skips an update that overflows although the gradient is finite", () => {
    const rule = skipNonFinite(sgd({ learningRate: 1e10 }));
    const params = tensor([1]);
    const { updates, state } = rule.update(tensor([1e30]), rule.init(params), params);
    expect(numbers(updates)).toEqual([0]);
    expect(item(state.skipped)).toBe(1);
  });
});

describe("stopNonFinite", () => {
  it("keeps parameters and state as they were before the first bad step, for good", () => {
    for (const grads of planted) {
      const rule = stopNonFinite(rules["clipping and adam"]);
      const params = start();
      const first = rule.update(good(), rule.init(params), params);
      expect([item(first.state.stopped), item(first.state.taken)]).toEqual([0, 1]);
      const second = rule.update(grads, first.state, params);
      const third = rule.update(good(), second.state, params);
      for (const step of [second, third]) {
        expect(numbers(step.updates)).toEqual([0, 0, 0, 0, 0, 0, 0]);
        expect(numbers(step.state.inner)).toEqual(numbers(first.state.inner));
        expect([item(step.state.stopped), item(step.state.taken)]).toEqual([1, 1]);
      }
    }
  });
});

describe("allFinite", () => {
  it("tells", () => {
    expect(item(allFinite(good()))).toBe(1);
    expect(item(allFinite({}))).toBe(1);
    expect(item(allFinite({ none: zeros([0, 3]), whole: tensor([1], "int32") }))).toBe(1);
    expect(item(allFinite(fromArray([3e38, 3e38], [2])))).toBe(1);
    for (const grads of planted) expect(item(allFinite(grads))).toBe(0);
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
        "first at []. Remedies: a smaller learning rate, clipByJointNorm, or skipNonFinite to go on without such steps.",
    );
    expect(new NonFiniteGradientError([]).message).toContain("although every gradient is");
    const many = Array.from({ length: 30 }, () => report[0]!);
    expect(new NonFiniteGradientError(many).message).toContain("; and 22 more.");
  });
});
