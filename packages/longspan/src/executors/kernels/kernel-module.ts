import type { DType, TypedArray } from "../../program/index.js";

/**
 * The compiled kernels behind one interface, as a Node addon or as WebAssembly. Programs and plans are numbers. M: a piece
 * of memory; it is freed when nothing refers to it any more.
 */
export interface KernelModule<M> {
  /** Which kernels: the instruction set. */
  readonly instructionSet: string;
  /** Zeros for so many elements. */
  allocate(dtype: DType, length: number): M;
  numberOf(memory: M): number;
  /** The elements. To be used at once: the next allocation may move them. */
  view(memory: M): TypedArray;
  /** Says that the elements were written. */
  touch(memory: M): void;
  compile(ints: Int32Array, reals: Float64Array): number;
  plan(program: number, ints: Int32Array): number;
  /** @param bindings number and first element of the memory of each buffer @returns index, row, place and size of an index out of range */
  run(plan: number, bindings: Float64Array): readonly number[] | undefined;
  dropPlan(plan: number): void;
  dropProgram(program: number): void;
  /** Bytes that runs keep for temporaries and packed operands. */
  workspaceBytes(): number;
}
