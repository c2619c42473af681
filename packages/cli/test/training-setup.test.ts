import { tensor } from "longspan";
import { describe, expect, it } from "vitest";
import { trainSyntheticSettings } from "../src/jobs/synthetic/settings.js";
import { resolveSettings } from "../src/settings/resolve.js";
import { trainingSetup } from "../src/training-setup.js";

const planOf = (given: Record<string, string>) =>
  trainingSetup(resolveSettings(trainSyntheticSettings, given).values);
const momenta = (given: Record<string, string>, steps: readonly number[]) => {
  const { momentum } = planOf({ optimizer: "nesterov-2013", ...given });
  return steps.map((step) => momentum!({ step, fraction: 0, validations: [] }));
};

describe("the momentum of nesterov-2013", () => {
  it("rises every 250 steps up to 0.99", () => {
    expect(momenta({}, [0, 250, 1000, 40_000])).toEqual([0.5, 0.75, 0.9, 0.99]);
  });

  it("is that of the recurrent nets of the paper: 0.9 first, then constant", () => {
    const given = { momentum: "0.995", momentumFirst: "1000", momentumEvery: "none" };
    expect(momenta(given, [0, 999, 1000, 49_999])).toEqual([0.9, 0.9, 0.995, 0.995]);
  });

  it("is 0.9 first without momentum later too, as in the paper and as the help says", () => {
    const given = { momentum: "0", momentumFirst: "1000", momentumEvery: "none" };
    expect(momenta(given, [0, 999, 1000])).toEqual([0.9, 0.9, 0]);
    expect(trainSyntheticSettings.momentum.help).toContain("at most, after --momentum-first");
    expect(trainSyntheticSettings.momentumFirst.help).toContain("0.9, whatever --momentum is");
  });

  it("follows the settings in between", () => {
    const given = { momentum: "0.8", momentumFirst: "3", momentumEvery: "4" };
    expect(momenta(given, [2, 3, 4, 8])).toEqual([0.9, 0.5, 0.75, 0.8]);
  });

  it("is no schedule of other rules", () => {
    expect(planOf({ optimizer: "nesterov" }).momentum).toBeUndefined();
  });
});

describe("--beta2", () => {
  /** The second update of a parameter whose gradient was 1 and then 3, at a rate of 1. */
  async function second(given: Record<string, string>): Promise<number> {
    const { optimiser } = planOf({ lr: "1", clip: "none", ...given });
    const params = { w: tensor([0]) };
    const first = optimiser.update({ w: tensor([1]) }, optimiser.init(params), params);
    const { updates } = optimiser.update({ w: tensor([3]) }, first.state, params);
    return (await updates.w.data())[0]!;
  }

  it("is Adam's share of the squares that is kept: 0.999 unless given", async () => {
    const expected = (beta2: number) => {
      const m = (0.9 * 0.1 * 1 + 0.1 * 3) / (1 - 0.9 ** 2);
      const v = (beta2 * (1 - beta2) * 1 + (1 - beta2) * 9) / (1 - beta2 ** 2);
      return -m / Math.sqrt(v);
    };
    expect(await second({})).toBeCloseTo(expected(0.999), 5);
    expect(await second({ beta2: "0.9" })).toBeCloseTo(expected(0.9), 5);
    expect(expected(0.9)).not.toBeCloseTo(expected(0.999), 2);
  });
});
