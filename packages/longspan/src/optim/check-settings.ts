/** Checks a setting. @throws RangeError unless it is a finite number of at least 0. */
export function checkAtLeastZero(what: string, name: string, x: number): void {
  if (!(x >= 0 && x < Number.POSITIVE_INFINITY))
    throw new RangeError(`${what}: the ${name} is a finite number of at least 0, got ${x}`);
}

/** Checks a setting. @throws RangeError unless it is a positive number; Infinity is one. */
export function checkPositive(what: string, name: string, x: number): void {
  if (!(x > 0)) throw new RangeError(`${what}: the ${name} is a positive number, got ${x}`);
}

/** Checks a setting. @throws RangeError unless it is a finite positive number. */
export function checkFinitePositive(what: string, name: string, x: number): void {
  checkPositive(what, name, x);
  if (x === Number.POSITIVE_INFINITY)
    throw new RangeError(`${what}: the ${name} is a finite positive number, got ${x}`);
}

/** Checks how much of a running mean is kept. @throws RangeError unless it lies in [0, 1). */
export function checkDecay(what: string, name: string, x: number): void {
  if (!(x >= 0 && x < 1)) throw new RangeError(`${what}: the ${name} lies in [0, 1), got ${x}`);
}

/** Checks what a learning rate is lowered by. @throws RangeError unless it lies in (0, 1). */
export function checkFactor(what: string, x: number): void {
  if (!(x > 0 && x < 1)) throw new RangeError(`${what}: the factor lies in (0, 1), got ${x}`);
}

/** Checks a count. @throws RangeError unless it is an integer of at least `least`. */
export function checkCount(what: string, name: string, least: number, x: number): void {
  if (!Number.isSafeInteger(x) || x < least)
    throw new RangeError(`${what}: the ${name} is an integer of at least ${least}, got ${x}`);
}
