import type { CallSignature } from "./call-signature.js";
import { sameNumbers } from "./recorded-call.js";

/**
 * What was the same in all calls with one signature: the memories, the arrays, the keys, and the numbers in arrays and keys. Null for each
 * that was not the same. Such a thing may be a constant of the recording by mistake: the function may also see the tensor outside, or may
 * have computed with the numbers. A call with another one shows it.
 */
export interface StableArguments {
  readonly things: readonly (object | null)[];
  readonly numbers: readonly (ArrayLike<number> | null)[];
}

/** The arguments of one call. */
export function stableArguments(signature: CallSignature): StableArguments {
  return {
    things: thingsOf(signature),
    numbers: numbersOf(signature).map((data) => Float64Array.from(data)),
  };
}

/** What is still the same after another call with these arguments. */
export function stillStable({ things, numbers }: StableArguments, signature: CallSignature): StableArguments {
  const [otherThings, otherNumbers] = [thingsOf(signature), numbersOf(signature)];
  return {
    things: things.map((thing, i) => (thing === otherThings[i] ? thing : null)),
    numbers: numbers.map((data, i) => (data && sameNumbers(data, otherNumbers[i]!) ? data : null)),
  };
}

/** Whether a call has the same arguments wherever all calls before had the same. */
export function areStable({ things, numbers }: StableArguments, signature: CallSignature): boolean {
  const [otherThings, otherNumbers] = [thingsOf(signature), numbersOf(signature)];
  return (
    things.every((thing, i) => thing === null || thing === otherThings[i]) &&
    numbers.every((data, i) => data === null || sameNumbers(data, otherNumbers[i]!))
  );
}

const thingsOf = ({ memories, arrays, keys }: CallSignature): object[] => [...memories, ...arrays, ...keys];

const numbersOf = ({ arrays, keys }: CallSignature): ArrayLike<number>[] => [
  ...arrays,
  ...keys.map((k) => k.words),
];
