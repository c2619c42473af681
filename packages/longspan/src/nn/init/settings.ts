/** @throws RangeError unless the number is positive and finite; `what` names it. */
export function checkPositive(what: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${what} is a positive number, got ${value}`);
}
