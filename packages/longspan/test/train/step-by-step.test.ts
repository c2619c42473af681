import {
  adam,
  applyUpdates,
  compose,
  hessianFree,
  jvp,
  keep,
  mean,
  meanSquaredErrorMean,
  mul,
  onCpu,
  scope,
  sgd,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  trainingStep,
  type Value,
  valueAndGrad,
  weightDecay,
} from "longspan";
import { describe, expect, it } from "vitest";

const list = (v: Value) => Array.from(onCpu(v).toArray());
const loss = (p: { w: Value }, x: Value) => mean(square(sub(mul(p.w, x), 3)));
const x = tensor([1, 2]);

describe("training step by step", () => {
  it("gives what gradient, optimiser and applyUpdates give", () => {
    const optimiser = compose(weightDecay(0.1), adam({ learningRate: 0.1 }));
    const step = trainingStep(loss, optimiser);
    const start = { w: tensor([0.5, -1]) };
    let at = step.start(start);
    expect([at.steps, onCpu(at.loss).item()]).toEqual([0, Number.NaN]);
    let params = start;
    let state = optimiser.init(params);
    for (let i = 0; i < 20; i++) {
      const { value, grads } = valueAndGrad(loss)(params, x);
      const next = optimiser.update(grads, state, params);
      [params, state] = [applyUpdates(params, next.updates), next.state];
      at = step(at, x);
      expect(list(at.params.w)).toEqual(list(params.w));
      expect(onCpu(at.loss).item()).toBe(onCpu(value).item());
    }
    expect(at.steps).toBe(20);
    expect(list(start.w)).toEqual([0.5, -1]);
  });

  it("releases what it replaces, and says so where it is touched", async () => {
    const step = trainingStep(loss, sgd({ learningRate: 0.1 }));
    const first = step.start({ w: tensor([1, 2]) });
    const second = step(first, x);
    expect(first.params.w.isReleased).toBe(true);
    await expect(first.params.w.data()).rejects.toThrow(
      "this tensor [2] was released by the training step that replaced it; use what the step returned, or keep() it before",
    );
    expect(() => step(first, x)).toThrow("released by the training step that replaced it");
    expect(second.params.w.isReleased).toBe(false);
  });

  it("leaves what was kept", () => {
    const step = trainingStep(loss, sgd({ learningRate: 0.1 }));
    const first = step.start({ w: tensor([1, 2]) });
    const { w } = keep(first.params);
    const third = step(step(first, x), x);
    expect(list(w)).toEqual([1, 2]);
    expect(list(third.params.w)).not.toEqual([1, 2]);
  });

  it("lets several start from the same parameters", () => {
    const start = { w: tensor([1, 2]) };
    for (const rate of [0.1, 0.2]) {
      const step = trainingStep(loss, sgd({ learningRate: rate }));
      let at = step.start(start);
      for (let i = 0; i < 3; i++) at = step(at, x);
    }
    expect(list(start.w)).toEqual([1, 2]);
  });

  it("takes settings that differ from step to step", () => {
    const seen: number[] = [];
    const step = trainingStep(loss, sgd({ learningRate: 1 }), {
      settings: (steps) => {
        seen.push(steps);
        return { learningRate: steps === 0 ? 0 : 0.5 };
      },
    });
    const at = step(step.start({ w: tensor([1, 2]) }), x);
    expect(list(at.params.w)).toEqual([1, 2]);
    expect(list(step(at, x).params.w)).toEqual([2, 1]);
    expect(seen).toEqual([0, 1]);
  });

  it("hands its loss to an optimiser that looks at it again", () => {
    const error = (p: { w: Value }, given: Value) => meanSquaredErrorMean(mul(p.w, given), tensor([3, 3]));
    const step = trainingStep(error, hessianFree());
    let at = step.start({ w: tensor([0, 0]) });
    for (let i = 0; i < 10; i++) at = step(at, x);
    expect(onCpu(at.loss).item()).toBeLessThan(1e-6);
  });

  it("may be a loss that gives a parameter as it is", () => {
    const step = trainingStep((p: { w: Value }) => p.w, sgd({ learningRate: 1 }));
    const at = step(step.start({ w: tensor(3) }));
    expect([list(at.loss), list(at.params.w)]).toEqual([[3], [2]]);
  });

  it("releases nothing while it is differentiated itself", () => {
    const start = tensor([1, 2]);
    const step = trainingStep(loss, sgd({ learningRate: 0.1 }));
    const after = (w: Value) => sum(step(step.start({ w: w as Tensor }), x).params.w);
    // w - 0.1 x (w x - 3): the slope is 1 - 0.1 x^2.
    const { tangent } = jvp(after)(start, tensor([1, 1]));
    expect(onCpu(tangent).item()).toBeCloseTo(0.9 + 0.6, 6);
  });

  it("works inside a scope", () => {
    const step = trainingStep(loss, sgd({ learningRate: 0.1 }));
    let at = scope(() => step.start({ w: tensor([1, 2]) }));
    for (let i = 0; i < 3; i++) at = scope(() => step(at, tensor([1, 2])));
    expect(at.params.w.isReleased).toBe(false);
  });

  it("names what it cannot take", () => {
    const make = trainingStep as (...args: unknown[]) => (...at: unknown[]) => unknown;
    expect(() => make()).toThrow("trainingStep: loss is missing; it is a function");
    expect(() => make(loss, "adam")).toThrow(
      'trainingStep: optimiser is a transform, such as sgd({ learningRate: 0.1 }), got "adam"',
    );
    expect(() => make(loss, sgd({ learningRate: 1 }), { setting: 1 })).toThrow(
      "trainingStep: there is no setting setting (did you mean settings?); the settings are settings",
    );
    expect(() => make(loss, sgd({ learningRate: 1 }), { settings: 1 })).toThrow(
      "trainingStep: settings is a function, got 1",
    );
    expect(() => make(loss, sgd({ learningRate: 1 }), null)).toThrow(
      "trainingStep: the settings are a record { settings }, got null",
    );
    expect(() => make(loss, sgd({ learningRate: 1 }))({ w: tensor([1]) })).toThrow(
      'a step begins where start(params) or the step before ended, got a record of w; write "let at = step.start(params)" and then "at = step(at)"',
    );
  });
});
