// Sides are compared before they are timed: a fast wrong answer is no answer.

/** Largest difference, as a share of the largest value, that rounding in float32 may make over a thousand steps. */
export const tolerance = 1e-4;

/**
 * @param reference name to numbers @param other the same names; those that it lacks are not compared
 * @returns the largest difference relative to the largest entry of each, over all names
 * @throws Error if it is above the tolerance
 */
export function difference(reference, other, who) {
  let worst = 0;
  for (const [name, numbers] of Object.entries(other)) {
    const expected = reference[name];
    if (expected?.length !== numbers.length)
      throw new Error(`${who}: ${name} has ${numbers.length} numbers, ours ${expected?.length}`);
    let [most, off] = [0, 0];
    for (let i = 0; i < numbers.length; i++) {
      most = Math.max(most, Math.abs(expected[i]));
      const gap = Math.abs(expected[i] - numbers[i]);
      off = gap <= off ? off : gap;
    }
    const relative = off / most;
    if (!(relative <= tolerance))
      throw new Error(
        `${who}: ${name} differs by ${relative.toExponential(1)} of its largest entry, more than ${tolerance}`,
      );
    worst = Math.max(worst, relative);
  }
  return worst;
}
