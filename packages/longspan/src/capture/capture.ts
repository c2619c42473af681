import { type Arena, isSynchronous, type SynchronousExecutor } from "../program/index.js";
import { defaultExecutor, hostAccess, scope } from "../tensor/index.js";
import { CaptureError } from "./capture-error.js";
import { type Form, formOf, nameOfObject } from "./form.js";
import { type Given, givenBy, isGiven, narrowed } from "./given.js";
import { Replay } from "./replay.js";
import { type Described, describe, difference, sameReadings, type Trial, tryOnce } from "./trial.js";

export { CaptureError } from "./capture-error.js";

/** How a function is captured. */
export interface CaptureOptions {
  /** What happens where the runs cannot be repeated in place of the function: an error (unless given), or the function is called. */
  readonly otherwise?: "throw" | "call";
  /** Memory in bytes that may be held for the runs; 512 MiB unless given. A function that needs more is called each time. */
  readonly mostBytes?: number;
}

/** A function whose runs are repeated. */
export interface Captured<A extends readonly unknown[], R> {
  (...args: A): R;
  /** Releases the memory that is held for the runs. The function can be called again; it is captured anew. */
  dispose(): void;
}

/** A form of arguments that the function was called with for what it does. */
interface Tried {
  readonly is: "tried";
  readonly trial: Trial;
  readonly described: Described;
  /** What all calls that did this were given. */
  readonly given: Given;
  readonly times: number;
}

/** What is known of arguments of one form. */
type Known =
  | { readonly is: "seen" }
  | Tried
  | { readonly is: "ready"; readonly replay: Replay; tried: Tried; misses: number }
  | { readonly is: "called" };

/** So many calls in a row may each read something else before it is taken that all will. */
const mostTrials = 8;

/** Forms that are remembered: the one that was not seen for longest goes first. */
const mostForms = 256;

/** So many calls in a row may find a flag changed before the function is captured anew. */
const mostMisses = 8;

/**
 * Captures the program runs that a function makes, and repeats them in its place: all in one call, without tracing, differentiating
 * or looking at shapes again. The results are the same, bit for bit. For work of many small runs, such as a training step of a small model,
 * that is several times faster.
 *
 * The function takes trees of tensors, typed arrays, keys and anything else, and gives trees of tensors. It is called for the first three
 * calls with arguments of one form; after that its runs are repeated with the arguments' numbers. The form is all but the elements of
 * tensors and typed arrays and the words of keys: a number, a string, a structure or another shape makes another form, captured on its own.
 *
 * What the function does must follow from its arguments, and from the numbers in their arrays and keys only in that they become tensors: it
 * must not count with them itself. Only `fromArray` of a whole array of the arguments, and keys that are folded or split, are followed; a copy or a
 * part of an array counts as a constant, which is noticed where the array changes. Of objects other than lists and records, only which object it is
 * counts: what changes inside is not seen. What else it does besides tensor operations happens only when it is called, and a variable that it sees and
 * that changes later is not seen again. Up to 64 tensors may be read, and 64 elements of each: the runs are repeated as long as they are what they
 * were, and else the function is called. As in `scope`, tensors that it makes and does not return are released; those
 * that it passes to `keep` or disposes of are kept and disposed of only when it is called, and a repetition gives views of arguments where the
 * function gives the arguments.
 *
 * On an executor that cannot be read at once, while something is differentiated, and within another captured function, the function
 * is just called.
 *
 * @throws CaptureError if two calls with one form of arguments did different things, or if the function reads more, writes into a tensor, or gives keys or typed arrays
 * @example
 * const loss = (w: Value, x: Value) => sum(square(matmul(x, w)));
 * const step = capture((w: Tensor, x: Tensor) => sub(w, mul(grad(loss)(w, x), 0.1)));
 * let w = tensor([[1], [2]]);
 * for (let i = 0; i < 10; i++) w = step(w, tensor([[i, 1]])) as Tensor;
 */
export function capture<A extends readonly unknown[], R>(
  given: (...args: A) => R,
  { otherwise = "throw", mostBytes = 512 * 2 ** 20 }: CaptureOptions = {},
): Captured<A, R> {
  if (otherwise !== "throw" && otherwise !== "call")
    throw new TypeError(`capture: otherwise is "throw" or "call", got ${JSON.stringify(otherwise)}`);
  if (!(mostBytes >= 0))
    throw new RangeError(`capture: mostBytes is a number of at least 0, got ${mostBytes}`);
  const f = (...args: A): R => scope(() => given(...args));
  const forms = new Map<string, Known>();
  const arenas = new Map<SynchronousExecutor, Arena>();

  const drop = (known: Known) => {
    if (known.is === "tried") known.trial.drop();
    if (known.is === "ready") known.replay.drop();
  };
  const remember = (name: string, known: Known) => {
    forms.delete(name);
    forms.set(name, known);
    for (const [oldest, old] of forms) {
      if (forms.size <= mostForms) break;
      drop(old);
      forms.delete(oldest);
    }
  };
  /** Lets go of all that is held. */
  const dispose = () => {
    for (const known of forms.values()) drop(known);
    for (const arena of arenas.values()) arena.release();
    forms.clear();
    arenas.clear();
  };
  const bytes = () => {
    let sum = 0;
    for (const arena of arenas.values()) sum += arena.bytes;
    for (const known of forms.values())
      sum +=
        known.is === "tried" ? known.trial.recording.bytes : known.is === "ready" ? known.replay.bytes : 0;
    return sum;
  };
  const arenaOf = (executor: SynchronousExecutor): Arena => {
    const arena = arenas.get(executor) ?? executor.arena();
    arenas.set(executor, arena);
    return arena;
  };

  /** Calls the function for what it does, and remembers that for the form. */
  const call = (executor: SynchronousExecutor, name: string, form: Form, known: Known, args: A): R => {
    let trial: Trial;
    try {
      trial = tryOnce(executor, arenaOf(executor), () => f(...args), form);
    } catch (error) {
      if (!(error instanceof CaptureError) || otherwise === "throw") throw error;
      drop(known);
      remember(name, { is: "called" });
      return f(...args);
    }
    const described = describe(trial, form);
    const result = trial.result as R;
    if (known.is === "ready") {
      // It was given something else than ever: did it do the same?
      const { tried } = known;
      const isAlike = sameReadings(tried.described, described);
      if (!isAlike || difference(tried.described, described) === null) {
        trial.drop();
        if (isAlike) known.tried = { ...tried, given: narrowed(tried.given, form) };
        known.misses = isAlike ? 0 : known.misses + 1;
        remember(name, known);
        return result;
      }
      drop(known);
    }
    const times = known.is === "tried" ? known.times + 1 : 1;
    const alike = known.is === "tried" && sameReadings(known.described, described);
    if (known.is === "tried") known.trial.drop();
    const given = known.is === "tried" && alike ? narrowed(known.given, form) : givenBy(form);
    const tried: Tried = { is: "tried", trial, described, given, times };
    if (known.is !== "tried" || (!alike && times <= mostTrials)) {
      remember(name, tried);
      if (bytes() > mostBytes) {
        dispose();
        remember(name, { is: "called" });
      }
      return result;
    }
    const why = alike
      ? difference(known.described, described)
      : "it read a tensor whose elements were never the same";
    if (why === null) {
      remember(name, { is: "ready", replay: new Replay(executor, trial, form), tried, misses: 0 });
      return result;
    }
    trial.drop();
    remember(name, { is: "called" });
    if (otherwise === "throw")
      throw new CaptureError(
        `capture: two calls with arguments of one form did not do the same: ${why}. What the function does must follow from its arguments: give it as an argument, or call the function itself`,
      );
    return result;
  };

  const captured = (...args: A): R => {
    const executor = defaultExecutor();
    if (!isSynchronous(executor) || executor.isRecording || hostAccess() !== null) return f(...args);
    const form = formOf(args);
    if (form?.tensors.every((t) => t.executor === executor) !== true) return f(...args);
    const name = `${nameOfObject(executor)}${form.name}`;
    let known = forms.get(name);
    if (known?.is === "ready" && (known.misses === mostMisses || !known.replay.isValid)) {
      drop(known);
      known = { is: "seen" };
    }
    if (known === undefined) {
      // What a function makes once and keeps, programs and constants, is made now.
      const result = f(...args);
      remember(name, { is: "seen" });
      return result;
    }
    if (known.is === "called") return f(...args);
    if (known.is !== "ready") return call(executor, name, form, known, args);
    if (!isGiven(known.tried.given, form)) return call(executor, name, form, known, args);
    const done = known.replay.run(form);
    if (done) {
      known.misses = 0;
      remember(name, known);
      return done.result as R;
    }
    known.misses += 1;
    return f(...args);
  };
  captured.dispose = dispose;
  return captured;
}
