import { bytesPerElement, type DType, type TypedArray } from "../../program/index.js";
import { KernelExecutor } from "../kernels/kernel-executor.js";
import type { BoundExecution, KernelModule } from "../kernels/kernel-module.js";
import type { Loaded } from "../loading.js";
import type { Threaded } from "../threads.js";
import { findAddon } from "./find-addon.js";
import { fastest, type InstructionSetSpeed } from "./instruction-set.js";

export type { InstructionSetSpeed } from "./instruction-set.js";

/** What kernels/addon.cc exports. */
interface Addon {
  readonly interfaceVersion: number;
  adopt(buffer: ArrayBuffer, bytes: number): [id: number, first: number];
  touch(memory: number): void;
  compile(ints: Int32Array, reals: Float64Array): number;
  schedule(program: number, ints: Int32Array): number;
  run(scheduled: number, bindings: Float64Array): number[] | undefined;
  prepare(scheduled: Int32Array, bindings: Float64Array, written: number): number;
  rebind(prepared: number, positions: Int32Array, numbers: Float64Array): void;
  runPrepared(prepared: number): number[] | undefined;
  dropPrepared(prepared: number): void;
  dropScheduled(scheduled: number): void;
  dropProgram(program: number): void;
  instructionSets(): string[];
  speeds(): number[];
  choose(set: number): void;
  workspaceBytes(): number;
  cores(): number;
  threads(count: number, leastShared: number): void;
}

/** What large memory begins at a multiple of, in bytes. */
const hugePage = 2 ** 21;

/** Memory that the addon knows by number: it is collected with its array. */
interface NativeMemory {
  readonly id: number;
  readonly array: TypedArray;
}

class NativeKernels implements KernelModule<NativeMemory> {
  private set: string | undefined;

  /** @param set the instruction set; chosen by a trial, before the first program, if it is undefined */
  constructor(
    private readonly addon: Addon,
    set: string | undefined,
  ) {
    if (set !== undefined) this.choose(set);
  }

  get instructionSet(): string {
    return this.set ?? this.choose(fastest(this.trials)?.name ?? this.addon.instructionSets()[0]!);
  }

  /** What each set reached, if there was a choice; tried once per process. */
  get trials(): readonly InstructionSetSpeed[] {
    const speeds = this.addon.speeds();
    return this.addon
      .instructionSets()
      .flatMap((name, i) => (speeds[i]! > 0 ? [{ name, gflops: speeds[i]! }] : []));
  }

  private choose(set: string): string {
    this.addon.choose(this.addon.instructionSets().indexOf(set));
    this.set = set;
    return set;
  }

  allocate(dtype: DType, length: number): NativeMemory {
    const bytes = length * bytesPerElement(dtype);
    const buffer = new ArrayBuffer(bytes + (bytes >= 2 * hugePage ? hugePage : 64));
    const [id, first] = this.addon.adopt(buffer, bytes);
    const array = { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype];
    return { id, array: new array(buffer, first, length) };
  }

  numberOf(memory: NativeMemory): number {
    return memory.id;
  }

  view(memory: NativeMemory): TypedArray {
    return memory.array;
  }

  touch(memory: NativeMemory): void {
    this.addon.touch(memory.id);
  }

  compile(ints: Int32Array, reals: Float64Array): number {
    // The choice must be made before anything runs; making it here keeps it out of the time of an import.
    void this.instructionSet;
    return this.addon.compile(ints, reals);
  }

  schedule(program: number, ints: Int32Array): number {
    return this.addon.schedule(program, ints);
  }

  run(scheduled: number, bindings: Float64Array): number[] | undefined {
    return this.addon.run(scheduled, bindings);
  }

  prepare(executions: readonly BoundExecution[], written: NativeMemory | null): number {
    const scheduled = Int32Array.from(executions, (r) => r.scheduled);
    const bindings = Float64Array.from(executions.flatMap((r) => [...r.bindings]));
    return this.addon.prepare(scheduled, bindings, written?.id ?? -1);
  }

  rebind(prepared: number, positions: Int32Array, numbers: Float64Array): void {
    this.addon.rebind(prepared, positions, numbers);
  }

  runPrepared(prepared: number): number[] | undefined {
    return this.addon.runPrepared(prepared);
  }

  dropPrepared(prepared: number): void {
    this.addon.dropPrepared(prepared);
  }

  dropScheduled(scheduled: number): void {
    this.addon.dropScheduled(scheduled);
  }

  dropProgram(program: number): void {
    this.addon.dropProgram(program);
  }

  workspaceBytes(): number {
    return this.addon.workspaceBytes();
  }
}

/**
 * The native executor: C++ kernels for this processor, as a Node addon. Its threads share out the independent parts of a
 * structure, sequences or trees, and outside the loop the rows. For one number of threads results are the same, bit for bit;
 * another number adds up the gradients of parameters in another order.
 */
export class NativeExecutor extends KernelExecutor<NativeMemory> implements Threaded {
  private count = 1;
  private least = 50_000;

  constructor(
    private readonly addon: Addon,
    set: string | undefined,
  ) {
    super("native", new NativeKernels(addon, set));
  }

  /** What each instruction set that gives these bits reached in a short product, newest first; none if there is no choice. */
  get trials(): readonly InstructionSetSpeed[] {
    return (this.kernels as NativeKernels).trials;
  }

  get threads(): number {
    return this.count;
  }

  set threads(count: number) {
    this.addon.threads(count, this.least);
    this.count = count;
  }

  /** Work is shared only where one thread would take so many nanoseconds, by a rough guess; 50,000 by default. */
  get leastShared(): number {
    return this.least;
  }

  set leastShared(nanoseconds: number) {
    this.addon.threads(this.count, nanoseconds);
    this.least = nanoseconds;
  }

  /** Physical cores that this process may use. */
  get cores(): number {
    return this.addon.cores();
  }
}

/**
 * Loads the native executor.
 * @param set which instruction set, of those that the addon offers on this machine; by default the fastest, found by a trial
 */
export function loadNative(set?: string): Loaded<NativeExecutor> {
  const found = findAddon();
  if ("reason" in found) return found;
  const addon = found.addon as Addon;
  const sets = addon.instructionSets();
  if (set !== undefined && !sets.includes(set))
    return { reason: `no instruction set "${set}" here; there is ${sets.join(", ")}`, refused: true };
  return { executor: new NativeExecutor(addon, set), ...(found.from && { note: found.from }) };
}
