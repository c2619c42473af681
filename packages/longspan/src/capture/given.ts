import type { Form } from "./form.js";
import { sameNumbers } from "./trial.js";

/**
 * What the calls of a form were given, as far as it was the same each time: which memories, arrays and keys, and which numbers were in the
 * arrays and keys. The function may have come by all that in another way, as where a tensor that it sees is given to it as well, or may
 * have counted with the numbers; only calls with something else tell. Null where it was not the same.
 */
export interface Given {
  readonly things: readonly (object | null)[];
  readonly numbers: readonly (ArrayLike<number> | null)[];
}

/** What one call was given. */
export function givenBy(form: Form): Given {
  return { things: thingsOf(form), numbers: numbersOf(form).map((data) => Float64Array.from(data)) };
}

/** What is left where another call was given this. */
export function narrowed({ things, numbers }: Given, form: Form): Given {
  const [otherThings, otherNumbers] = [thingsOf(form), numbersOf(form)];
  return {
    things: things.map((thing, i) => (thing === otherThings[i] ? thing : null)),
    numbers: numbers.map((data, i) => (data && sameNumbers(data, otherNumbers[i]!) ? data : null)),
  };
}

/** Whether a call is given the same where all before were. */
export function isGiven({ things, numbers }: Given, form: Form): boolean {
  const [otherThings, otherNumbers] = [thingsOf(form), numbersOf(form)];
  return (
    things.every((thing, i) => thing === null || thing === otherThings[i]) &&
    numbers.every((data, i) => data === null || sameNumbers(data, otherNumbers[i]!))
  );
}

const thingsOf = ({ memories, arrays, keys }: Form): object[] => [...memories, ...arrays, ...keys];

const numbersOf = ({ arrays, keys }: Form): ArrayLike<number>[] => [...arrays, ...keys.map((k) => k.words)];
