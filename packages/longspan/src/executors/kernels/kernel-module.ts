import type { DType, TypedArray } from "../../program/index.js";

/** A run with its bindings as `run` takes them. */
export interface BoundExecution {
  readonly scheduled: number;
  readonly bindings: Float64Array;
}

/**
 * The compiled kernels behind one interface, as a Node addon or as WebAssembly. Programs and scheduled programs are numbers. M: a piece
 * of memory; it is freed when nothing refers to it any more.
 */
export interface KernelModule<M> {
  /** Which kernels: the instruction set. */
  readonly instructionSet: string;
  /** The most memory that there can ever be, in bytes, if that is less than the machine's. */
  readonly mostBytes?: number;
  /** Zeros for so many elements. @throws if there is no memory */
  allocate(dtype: DType, length: number): M;
  /** Frees memory at once that nothing refers to any more, where the engine would take its time. */
  drop?(memory: M): void;
  numberOf(memory: M): number;
  /** The elements, the same array as long as they do not move. To be used at once: the next allocation may move them. */
  view(memory: M): TypedArray;
  /** Says that the elements were written. */
  touch(memory: M): void;
  compile(ints: Int32Array, reals: Float64Array): number;
  schedule(program: number, ints: Int32Array): number;
  /** @param bindings number and first element of the memory of each buffer @returns index, row, place and size of an index out of range */
  run(scheduled: number, bindings: Float64Array): readonly number[] | undefined;
  /** Binds runs once. @param written memory that is written from here before they are done, if any */
  prepare(executions: readonly BoundExecution[], written: M | null): number;
  /** Puts other memories in place of some: numbers of memories, by their positions in all bindings one after the other. */
  rebind(prepared: number, positions: Int32Array, numbers: Float64Array): void;
  /** Does them in order, up to one that fails. @returns as `run` */
  runPrepared(prepared: number): readonly number[] | undefined;
  dropPrepared(prepared: number): void;
  dropScheduled(scheduled: number): void;
  dropProgram(program: number): void;
  /** Bytes that runs keep for temporaries and packed operands. */
  workspaceBytes(): number;
}
