import type { Execution, Handle } from "../program/index.js";
import type { Arena, RecordableExecutor, Recording } from "../recording/index.js";
import { type HostAccess, keep, type Tensor, type TypedArray, withHostAccess } from "../tensor/index.js";
import { type CallSignature, signatureOf, withTensors } from "./call-signature.js";
import { CaptureError } from "./capture-error.js";

/** Where numbers that are written come from: an array or a key among the arguments, or the function itself. */
export type Source =
  | { readonly from: "array"; readonly index: number }
  | { readonly from: "key"; readonly index: number; readonly folds: readonly number[] }
  | { readonly from: "function"; readonly data: Float64Array };

/** Memory that was filled with numbers. */
export interface Filling {
  readonly handle: Handle;
  readonly source: Source;
}

/** Elements that were read: they must be the same again, or pass a check. */
export interface Reading {
  readonly view: Tensor;
  readonly expects: TypedArray | ((data: TypedArray) => void);
}

/** One call of a function with all that it did. */
export interface RecordedCall {
  readonly recording: Recording;
  readonly fillings: readonly Filling[];
  readonly readings: readonly Reading[];
  readonly result: unknown;
  /** A copy of the result's tree. */
  readonly template: unknown;
  readonly resultSignature: CallSignature;
  /** Gives back all that the recording holds. */
  drop(): void;
}

/** Flags are read, not data: so many elements of one tensor at most, and so many tensors. */
const [mostRead, mostReadings] = [64, 64];

/**
 * Calls a function and notes what it does.
 * @throws CaptureError if it does what its runs alone do not repeat
 */
export function recordCall(
  executor: RecordableExecutor,
  arena: Arena,
  f: () => unknown,
  signature: CallSignature,
): RecordedCall {
  const fillings: Filling[] = [];
  const readings: Reading[] = [];
  const sources = new Map<object, Source>();
  for (const [index, array] of signature.arrays.entries()) sources.set(array, { from: "array", index });
  for (const [index, key] of signature.keys.entries())
    sources.set(key.words, { from: "key", index, folds: [] });
  const access: HostAccess = {
    filled(handle, data) {
      const source = sources.get(data) ?? { from: "function", data: Float64Array.from(data) };
      fillings.push({ handle, source });
    },
    refused(what) {
      throw new CaptureError(
        `capture: the function ${what}; that cannot be repeated: return the tensor instead`,
      );
    },
    read(t, data) {
      if (t.size > mostRead) access.refused(`reads ${t.size} elements of a tensor`);
      if (readings.length === mostReadings) access.refused(`reads more than ${mostReadings} tensors`);
      readings.push({ view: keep(t.view([t.size])) as Tensor, expects: data });
    },
    checked(t, check) {
      readings.push({ view: keep(t.view([t.size])) as Tensor, expects: check });
    },
    folded(from, data, to) {
      const source = sources.get(from);
      if (source?.from === "key") sources.set(to, { ...source, folds: [...source.folds, data] });
    },
  };
  const dropReadings = () => {
    for (const { view } of readings) view.dispose();
  };
  let result: unknown;
  let recording: Recording;
  try {
    recording = executor.record(() => {
      result = withHostAccess(access, f);
    }, arena);
  } catch (error) {
    dropReadings();
    throw error;
  }
  const drop = () => {
    dropReadings();
    recording.release();
  };
  const resultSignature = signatureOf(result);
  if (resultSignature === null) {
    drop();
    throw new CaptureError(
      "capture: the function gives a value that is being differentiated, or a long list of numbers; it gives tensors",
    );
  }
  if (resultSignature.arrays.length > 0 || resultSignature.keys.length > 0) {
    drop();
    throw new CaptureError(
      `capture: the function gives ${resultSignature.keys.length > 0 ? "a key" : "a typed array"}, whose numbers are not made again; it gives tensors`,
    );
  }
  // The caller may change the tree that it is given.
  const template = withTensors(result, (t) => t);
  return { recording, fillings, readings, result, template, resultSignature, drop };
}

/**
 * Why two calls with one signature did different things; null if they did the same. What differs then depends on something
 * that is not among the arguments, or on their numbers in a way that the runs do not show.
 */
export function difference(one: Described, other: Described): string | null {
  if (one.executions.length !== other.executions.length)
    return `it made ${one.executions.length} runs, then ${other.executions.length}`;
  for (const [i, run] of one.executions.entries()) {
    const again = other.executions[i]!;
    if (run.executable !== again.executable) return `run ${i} was of another program`;
    if (run.schedule !== again.schedule) return `run ${i} went over another structure`;
    if (!sameNumbers(one.places[i]!, other.places[i]!)) return `run ${i} took other tensors`;
  }
  if (one.outside.length !== other.outside.length || one.outside.some((h, i) => h !== other.outside[i]))
    return "it used other tensors from outside";
  if (one.text !== other.text) return "it gave something else than tensors that is not the same";
  if (!sameNumbers(one.outputs, other.outputs)) return "its results were other tensors";
  if (one.fillings.length !== other.fillings.length) return "it made another number of tensors from numbers";
  for (const [i, { place, source }] of one.fillings.entries()) {
    const again = other.fillings[i]!;
    if (place !== again.place || !sameSource(source, again.source))
      return "it made a tensor of numbers that are not the same, and not those of an argument";
  }
  return null;
}

/** Whether the same elements were read in two calls: else what they did may well differ. */
export function sameReadings(one: Described, other: Described): boolean {
  return (
    one.readings.length === other.readings.length &&
    one.readings.every(({ place, expects }, i) => {
      const again = other.readings[i]!;
      if (place !== again.place) return false;
      if (typeof expects === "function" || typeof again.expects === "function")
        return typeof expects === typeof again.expects;
      return sameNumbers(expects, again.expects);
    })
  );
}

/** A trial with memory by number, so that two can be compared. */
export interface Described {
  readonly executions: readonly Execution[];
  /** Number and offset of each binding of each run; -1 where there is none. */
  readonly places: readonly (readonly number[])[];
  /** Memory that the function neither took nor was given. */
  readonly outside: readonly Handle[];
  /** The results without their tensors, and the number and offset of each tensor. */
  readonly text: string;
  readonly outputs: readonly number[];
  readonly fillings: readonly { readonly place: number; readonly source: Source }[];
  readonly readings: readonly { readonly place: number; readonly expects: Reading["expects"] }[];
}

export function describe(
  { recording, fillings, readings, resultSignature }: RecordedCall,
  signature: CallSignature,
): Described {
  const numbers = new Map<Handle, number>(signature.memories.map((handle, i) => [handle, i]));
  const outside: Handle[] = [];
  const numberOf = (handle: Handle): number => {
    let number = numbers.get(handle);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(handle, number);
      if (!recording.made.has(handle)) outside.push(handle);
    }
    return number;
  };
  return {
    executions: recording.executions,
    places: recording.executions.map(({ bindings }) =>
      bindings.flatMap((b) => (b ? [numberOf(b.handle), b.offset] : [-1, -1])),
    ),
    outside,
    // Which memories they share is in the outputs.
    text: resultSignature.name.replaceAll(/@\d+:\d+\+\d+/g, ""),
    outputs: resultSignature.tensors.flatMap((t) => [numberOf(t.binding().handle), t.binding().offset]),
    fillings: fillings.map(({ handle, source }) => ({ place: numberOf(handle), source })),
    readings: readings.map(({ view, expects }) => ({ place: numberOf(view.binding().handle), expects })),
  };
}

function sameSource(one: Source, other: Source): boolean {
  if (one.from === "function") return other.from === "function" && sameNumbers(one.data, other.data);
  if (one.from === "array") return other.from === "array" && one.index === other.index;
  return other.from === "key" && one.index === other.index && sameNumbers(one.folds, other.folds);
}

export function sameNumbers(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) return false;
  return true;
}
