import { describe, expect, it } from "vitest";
import {
  adaGrad,
  adam,
  adamW,
  applyUpdates,
  averageParameters,
  momentum,
  nesterov2013,
  rmsProp,
  sgd,
  type Transform,
  weightDecay,
} from "../../src/optim/index.js";
import { fromArray, leafEntries, ShapeError, tensor, zeros } from "../../src/tensor/index.js";
import { numbers } from "./trees.js";

describe("trees that do not fit", () => {
  const params = { layers: [{ U: zeros([2, 3]) }], b: zeros([3]) };
  const cases: [string, unknown, string][] = [
    ["a missing gradient", { layers: [{ U: zeros([2, 3]) }] }, `"b"`],
    ["one too many", { ...params, c: zeros([1]) }, `"c"`],
    ["one that would broadcast", { layers: [{ U: zeros([3]) }], b: zeros([3]) }, `"layers[0].U"`],
    ["another type", { layers: [{ U: zeros([2, 3], "float64") }], b: zeros([3]) }, `"layers[0].U"`],
  ];
  const rules: Transform<unknown>[] = [
    sgd({ learningRate: 1 }),
    momentum({ learningRate: 1, momentum: 0.9 }),
    nesterov2013({ learningRate: 1, momentum: 0.9 }),
    adam(),
    adamW(),
    rmsProp({ centred: true, momentum: 0.5 }),
    adaGrad(),
    weightDecay(0.1),
    averageParameters(sgd({ learningRate: 1 }), { from: 0 }),
  ];
  for (const [name, grads, path] of cases)
    it(`${name} is refused by its path`, () => {
      for (const rule of rules) {
        const update = () => rule.update(grads, rule.init(params), params as unknown);
        expect(update).toThrow(ShapeError);
        expect(update).toThrow(path);
      }
      expect(() => applyUpdates<unknown>(params, grads)).toThrow(path);
    });

  it("says what was given and what was expected", () => {
    expect(() => applyUpdates({ w: zeros([2, 3]) }, { w: zeros([3]) })).toThrow(
      'applyUpdates: the update at "w" is float32 [3], expected float32 [2, 3]',
    );
  });
});

it("integer leaves are carried along untrained", () => {
  const params = { w: tensor([1, 2]), table: tensor([3, 4], "int32"), name: "net", size: 2 };
  const grads = { ...params, w: tensor([1, 1]), table: tensor([0, 0], "int32") };
  const rule = adam({ learningRate: 0.5 });
  const { updates } = rule.update(grads, rule.init(params), params);
  const moved = applyUpdates(params, updates);
  expect(numbers(moved.table)).toEqual([3, 4]);
  expect(moved.table.dtype).toBe("int32");
  expect(moved.name).toBe("net");
  expect(numbers(moved.w)[0]).toBeCloseTo(0.5, 5);
});

it("a tree may be one tensor, and its type is kept", () => {
  const rule = momentum({ learningRate: 1, momentum: 0.5 });
  const w = fromArray([1], [1], "float64");
  const { updates } = rule.update(fromArray([2], [1], "float64"), rule.init(w), w);
  expect(numbers(applyUpdates(w, updates))).toEqual([-1]);
});

it("states name their leaves, as a weight file does", () => {
  const state = adam().init({ layers: [{ U: zeros([2]) }] });
  expect(leafEntries(state).map(([path]) => path)).toEqual([
    "step",
    "learningRate",
    "mean.layers[0].U",
    "meanSquare.layers[0].U",
  ]);
});
