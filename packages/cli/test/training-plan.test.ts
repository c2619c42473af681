import { describe, expect, it } from "vitest";
import { trainSyntheticSettings } from "../src/jobs/synthetic/settings.js";
import { resolveSettings } from "../src/settings/resolve.js";
import { trainingPlan } from "../src/training-plan.js";

const planOf = (given: Record<string, string>) =>
  trainingPlan(resolveSettings(trainSyntheticSettings, given).values);
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
