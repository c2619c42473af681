import type { DType, TypedArray } from "../../program/index.js";

/** A scheduled program with its bindings, as `run` takes them. */
export interface BoundExecution {
  readonly scheduled: number;
  readonly bindings: Float64Array;
}

/**
 * The interface of the compiled kernels, which are a Node addon or WebAssembly. A program is a number, and so is a scheduled program: a
 * program with a schedule. M: a piece of memory. It is freed when nothing refers to it any more.
 */
export interface KernelModule<M> {
  /** The instruction set of the kernels. */
  readonly instructionSet: string;
  /** The most memory that the kernels can use, in bytes, if that is less than the machine has. */
  readonly mostBytes?: number;
  /** Memory for `length` elements, all 0. @throws if there is none */
  allocate(dtype: DType, length: number): M;
  /** Frees memory that nothing refers to any more now, and not when the engine collects garbage. */
  drop?(memory: M): void;
  numberOf(memory: M): number;
  /** The elements. It is the same array as long as they do not move; the next allocation may move them, so use it at once. */
  view(memory: M): TypedArray;
  /** Notes that the elements have changed. */
  touch(memory: M): void;
  compile(ints: Int32Array, reals: Float64Array): number;
  schedule(program: number, ints: Int32Array): number;
  /**
   * @param bindings per buffer: the number of its memory, and the first element
   * @returns index, row, position and size of an index out of range; undefined if there is none
   */
  run(scheduled: number, bindings: Float64Array): readonly number[] | undefined;
  /** Prepares executions that are repeated. @param written memory that is written from here before each repetition, if any */
  prepare(executions: readonly BoundExecution[], written: M | null): number;
  /** Replaces memories of prepared executions: numbers of memories, by position in the list of all bindings. */
  rebind(prepared: number, positions: Int32Array, numbers: Float64Array): void;
  /** Runs them in order, up to the first that fails. @returns as `run` */
  runPrepared(prepared: number): readonly number[] | undefined;
  dropPrepared(prepared: number): void;
  dropScheduled(scheduled: number): void;
  dropProgram(program: number): void;
  /** Bytes that the kernels keep for temporary buffers and packed operands. */
  workspaceBytes(): number;
}
