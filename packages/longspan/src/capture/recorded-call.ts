import type { Execution, Handle } from "../program/index.js";
import type { Arena, RecordableExecutor, Recording } from "../recording/index.js";
import { type HostAccess, keep, type Tensor, type TypedArray, withHostAccess } from "../tensor/index.js";
import { type CallSignature, signatureOf, withTensors } from "./call-signature.js";
import { CaptureError } from "./capture-error.js";

/** The source of numbers that are written to memory: an array or a key of the arguments, or the function itself. */
export type Source =
  | { readonly from: "array"; readonly index: number }
  | { readonly from: "key"; readonly index: number; readonly folds: readonly number[] }
  | { readonly from: "function"; readonly data: Float64Array };

/** Memory that was filled with numbers. */
export interface Filling {
  readonly handle: Handle;
  readonly source: Source;
}

/** Elements that the function read. In a repetition they must be the same, or pass the same check. */
export interface Reading {
  readonly view: Tensor;
  readonly expects: TypedArray | ((data: TypedArray) => void);
}

/** A recorded call: the programs that the function ran, the numbers that it wrote and read, and its result. */
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

/** A captured function reads flags, not data: at most so many elements of a tensor, and so many tensors. */
const [mostRead, mostReadings] = [64, 64];

/**
 * Calls a function and notes what it does.
 * @throws CaptureError if running its programs again would not do the same
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
  // The caller may change the tree of the result.
  const template = withTensors(result, (t) => t);
  return { recording, fillings, readings, result, template, resultSignature, drop };
}

/**
 * How two calls with one signature differ, in words; null if they did the same. If they differ, the function depends on something that
 * is not among its arguments, or on numbers that it did not turn into tensors.
 */
export function difference(one: Described, other: Described): string | null {
  if (one.executions.length !== other.executions.length)
    return `it made ${one.executions.length} runs, then ${other.executions.length}`;
  for (const [i, execution] of one.executions.entries()) {
    const again = other.executions[i]!;
    if (execution.executable !== again.executable) return `run ${i} was of another program`;
    if (execution.schedule !== again.schedule) return `run ${i} went over another structure`;
    if (!sameNumbers(one.bindings[i]!, other.bindings[i]!)) return `run ${i} took other tensors`;
  }
  if (one.outside.length !== other.outside.length || one.outside.some((h, i) => h !== other.outside[i]))
    return "it used other tensors from outside";
  if (one.text !== other.text) return "it gave something else than tensors that is not the same";
  if (!sameNumbers(one.outputs, other.outputs)) return "its results were other tensors";
  if (one.fillings.length !== other.fillings.length) return "it made another number of tensors from numbers";
  for (const [i, { memory, source }] of one.fillings.entries()) {
    const again = other.fillings[i]!;
    if (memory !== again.memory || !sameSource(source, again.source))
      return "it made a tensor of numbers that are not the same, and not those of an argument";
  }
  return null;
}

/** Whether two calls read the same elements. If not, they may differ for that reason. */
export function sameReadings(one: Described, other: Described): boolean {
  return (
    one.readings.length === other.readings.length &&
    one.readings.every(({ memory, expects }, i) => {
      const again = other.readings[i]!;
      if (memory !== again.memory) return false;
      if (typeof expects === "function" || typeof again.expects === "function")
        return typeof expects === typeof again.expects;
      return sameNumbers(expects, again.expects);
    })
  );
}

/** A recorded call in which each memory has a number, so that two calls can be compared. */
export interface Described {
  readonly executions: readonly Execution[];
  /** Per execution: the number of the memory of each binding, and its offset; -1 if there is none. */
  readonly bindings: readonly (readonly number[])[];
  /** Memory that the function used and that is neither its own nor that of an argument. */
  readonly outside: readonly Handle[];
  /** The results without their tensors, and the number and offset of each tensor. */
  readonly text: string;
  readonly outputs: readonly number[];
  readonly fillings: readonly { readonly memory: number; readonly source: Source }[];
  readonly readings: readonly { readonly memory: number; readonly expects: Reading["expects"] }[];
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
    bindings: recording.executions.map(({ bindings }) =>
      bindings.flatMap((b) => (b ? [numberOf(b.handle), b.offset] : [-1, -1])),
    ),
    outside,
    // Which memories they share is in the outputs.
    text: resultSignature.name.replaceAll(/@\d+:\d+\+\d+/g, ""),
    outputs: resultSignature.tensors.flatMap((t) => [numberOf(t.binding().handle), t.binding().offset]),
    fillings: fillings.map(({ handle, source }) => ({ memory: numberOf(handle), source })),
    readings: readings.map(({ view, expects }) => ({ memory: numberOf(view.binding().handle), expects })),
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
