const known = new WeakSet<object>();

/**
 * Declares that what a function gives follows from its arguments alone, and that it does nothing besides: no counting, no printing,
 * no random numbers but those of its key. Arrays in its arguments may become tensors; it must not count with their numbers itself.
 *
 * Where the loss of a `Task` is pure, `train` repeats the program runs of its steps in place of calling it (`capture`), which makes small
 * models several times faster. The losses of the tasks here are.
 *
 * @typeParam F the function's type
 * @returns the function
 * @example
 * const model = sequenceModel({ layer: recurrent(rnn({ input: 2, hidden: 8 })), features: 8, output: 1 });
 * const task = syntheticTask(model, adding({ length: 20 }), { key: Key.of(1) });
 * const withDecay = {
 *   ...task,
 *   loss: pure<typeof task.loss>((params, batch, carried, key) => {
 *     const { loss } = task.loss(params, batch, carried, key);
 *     return { loss, carried, penalty: mul(1e-4, sum(square(params.readout.W))) };
 *   }),
 * };
 */
export function pure<F extends (...args: never[]) => unknown>(f: F): F {
  known.add(f);
  return f;
}

/** Whether a function was declared pure. */
export function isPure(f: object): boolean {
  return known.has(f);
}
