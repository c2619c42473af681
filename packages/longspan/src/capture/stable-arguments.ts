import type { CallSignature } from "./call-signature.js";
import { sameNumbers } from "./recorded-call.js";

/**
 * What was the same in all calls with one signature: which memories, arrays and keys were given, and which numbers were in the arrays and
 * keys. Null where it was not the same. The function may have got such a thing in another way than by its arguments, for example a tensor
 * that it also sees outside, or it may have counted with the numbers. Only a call with something else tells.
 */
export interface StableArguments {
  readonly things: readonly (object | null)[];
  readonly numbers: readonly (ArrayLike<number> | null)[];
}

/** What one call was given. */
export function stableArguments(signature: CallSignature): StableArguments {
  return {
    things: thingsOf(signature),
    numbers: numbersOf(signature).map((data) => Float64Array.from(data)),
  };
}

/** What stays the same where another call had these arguments. */
export function stillStable({ things, numbers }: StableArguments, signature: CallSignature): StableArguments {
  const [otherThings, otherNumbers] = [thingsOf(signature), numbersOf(signature)];
  return {
    things: things.map((thing, i) => (thing === otherThings[i] ? thing : null)),
    numbers: numbers.map((data, i) => (data && sameNumbers(data, otherNumbers[i]!) ? data : null)),
  };
}

/** Whether a call has the same arguments where all before had the same. */
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
