import {
  adam,
  averageParameters,
  clipByJointNorm,
  compose,
  decoupledWeightDecay,
  fromArray,
  mapTree,
  measured,
  momentum,
  mul,
  type ObjectiveSetting,
  onCpu,
  onExplosion,
  type StateOf,
  sgd,
  sum,
  type Transform,
  type Value,
  weightDecay,
} from "longspan";
import { describe, expect, it } from "vitest";

// A transform may be told at a step what no other transform has heard of. Its own type says so, and no shared one changes.

/** What a step may be told for `tempered`. */
interface TemperatureSetting {
  readonly temperature?: number;
}

/** Divides the gradient by the temperature of the step, 1 unless given. */
const tempered: Transform<Record<never, never>, TemperatureSetting> = {
  init: () => ({}),
  update: (grads, _, __, { temperature = 1 } = {}) => ({
    updates: mapTree(grads, (g) => mul(g, 1 / temperature)),
    state: {},
  }),
};

const params = { w: fromArray([10, 20], [2], "float64") };
const grads = { w: fromArray([4, -8], [2], "float64") };
const numbers = ({ w }: { w: Value }) => [...onCpu(w).toArray()];
const plainSgd = sgd({ learningRate: 1 });

describe("a setting that only one transform knows", () => {
  const chains = {
    "that transform alone": compose(tempered, plainSgd),
    "compose in compose": compose(compose(tempered), plainSgd),
    "onExplosion around a chain": onExplosion(compose(tempered, plainSgd), { nonFinite: "skip" }),
    "measured around it": compose(measured(tempered), plainSgd),
    "averageParameters around a chain": averageParameters(compose(tempered, plainSgd), { decay: 0.9 }),
  };
  for (const [name, chain] of Object.entries(chains) as [
    string,
    Transform<StateOf<(typeof chains)["compose in compose"]>, TemperatureSetting>,
  ][])
    it(`reaches it through ${name}`, () => {
      const update = (settings: TemperatureSetting) =>
        numbers(chain.update(grads, chain.init(params), params, settings).updates);
      expect(update({ temperature: 2 })).toEqual([-2, 4]);
      expect(update({})).toEqual([-4, 8]);
    });

  it("reaches a rule inside decoupledWeightDecay", () => {
    const rule: Transform<StateOf<typeof plainSgd>, TemperatureSetting> = {
      init: (p) => plainSgd.init(p),
      update: (g, state, p, { temperature, ...settings } = {}) => {
        const { updates } = tempered.update(g, {}, p, temperature === undefined ? {} : { temperature });
        return plainSgd.update(updates, state, p, settings);
      },
    };
    const chain = decoupledWeightDecay(rule, 0.1);
    expect(numbers(chain.update(grads, chain.init(params), params, { temperature: 4 }).updates)).toEqual([
      -2, 0,
    ]);
  });

  it("is in the type of a chain, where it is, and in no other", () => {
    const told = compose(clipByJointNorm(1), tempered, momentum({ learningRate: 1, momentum: 0 }));
    told.update(grads, told.init(params), params, { temperature: 2, momentum: 0.5, learningRate: 1 });
    const rule = adam();
    // @ts-expect-error adam has no momentum
    expect(() => rule.update(grads, rule.init(params), params, { momentum: 0.5 })).toThrow(
      "adam.update: there is no setting momentum; the settings are learningRate, key",
    );
    const untold = compose(clipByJointNorm(1), momentum({ learningRate: 1, momentum: 0 }));
    // @ts-expect-error nothing here has a temperature
    expect(() => untold.update(grads, untold.init(params), params, { temperature: 2 })).toThrow(
      "compose.update: there is no setting temperature",
    );
    // @ts-expect-error a misspelt momentum
    expect(() => untold.update(grads, untold.init(params), params, { momentun: 0.5 })).toThrow(
      "compose.update: there is no setting momentun (did you mean momentum?)",
    );
    expect(() => untold.update(grads, untold.init(params), params, { momentum: "x" as never })).toThrow(
      'momentum.update: momentum is a number or a scalar tensor, got "x"',
    );
  });
});

describe("what a transform hands on", () => {
  /** Tells the transforms after it a temperature. */
  const heated: typeof tempered = {
    init: () => ({}),
    update: (g) => ({ updates: mapTree(g, (v) => mul(v, 1)), state: {} }),
    handOn: (settings) => ({ ...settings, temperature: 2 * (settings.temperature ?? 1) }),
  };

  it("reaches those after it in a chain, and not itself or those before", () => {
    for (const [chain, expected] of [
      [compose(heated, tempered, plainSgd), [-2, 4]],
      [compose(heated, compose(heated, tempered), plainSgd), [-1, 2]],
      [compose(compose(heated, heated), tempered, plainSgd), [-1, 2]],
      [compose(measured(heated), tempered, plainSgd), [-2, 4]],
      [compose(tempered, heated, plainSgd), [-4, 8]],
    ] as [typeof tempered, number[]][])
      expect(numbers(chain.update(grads, chain.init(params), params, {}).updates)).toEqual(expected);
  });

  it("is the loss with the penalty, after weightDecay, measured or not", () => {
    let seen = Number.NaN;
    const watching: Transform<Record<never, never>, ObjectiveSetting> = {
      init: () => ({}),
      update: (g, _, p, settings) => {
        seen = onCpu(settings!.objective!.loss(p)).item();
        return { updates: mapTree(g, (v) => mul(v, 1)), state: {} };
      },
    };
    const objective = { loss: (p: unknown) => sum((p as typeof params).w) };
    for (const decay of [weightDecay(0.1), measured(weightDecay(0.1))] as Transform<unknown>[]) {
      const chain = compose(decay, watching);
      chain.update(grads, chain.init(params), params, { objective });
      expect(seen).toBeCloseTo(30 + 0.05 * 500, 12);
    }
  });
});
