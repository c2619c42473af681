/**
 * Something that holds while a function runs and that the code in it finds without being given it, such as who records ops.
 * All such things are kept in one place, so that they can be told apart from what outlives a call: nothing does.
 */
export interface Ambient<T> {
  /** What holds now. */
  readonly present: T;
  /** Runs `f` with another value; what held before holds again afterwards, also where `f` throws. */
  within<R>(value: T, f: () => R): R;
}

/** What holds now, by the number of the thing. */
const present: unknown[] = [];

/**
 * Declares something ambient: once, where a module is loaded. `f` of `within` is synchronous: what it goes on with after a promise
 * finds what holds then.
 *
 * @param initial what holds where no function around says otherwise
 * @example
 * const indent = ambient(0);
 * indent.within(indent.present + 2, () => indent.present); // 2
 * indent.present; // 0
 */
export function ambient<T>(initial: T): Ambient<T> {
  const number = present.push(initial) - 1;
  return {
    get present() {
      return present[number] as T;
    },
    within(value, f) {
      const before = present[number];
      present[number] = value;
      try {
        return f();
      } finally {
        present[number] = before;
      }
    },
  };
}
