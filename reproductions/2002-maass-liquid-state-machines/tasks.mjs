// The tasks by name: what makes a run of each.

import { spokenDigits } from "./digits.mjs";
import { approximation, separation } from "./liquids.mjs";

/** Factors on the weights between neurons. */
const strengths = [0, 0.05, 0.1, 0.2, 0.5, 1];

export const tasks = {
  ...Object.fromEntries(
    strengths.map((scale) => [
      `strength-${scale}`,
      { make: () => (seed) => ({ ...separation(scale, seed), ...approximation(scale, seed) }) },
    ]),
  ),
  digits: { make: (data) => (seed) => spokenDigits({ data, seed }), needsData: true },
};
