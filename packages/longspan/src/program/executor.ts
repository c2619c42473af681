import type { DType, TypedArray } from "./dtype.js";
import type { Handle } from "./handle.js";
import type { Program } from "./program.js";
import type { LevelledSpace, Space } from "./spaces.js";
import type { ListTable, RowTable } from "./tables.js";

/** A compiled program, opaque, tied to the executor that made it. */
export interface Executable {
  readonly program: Program;
}

/** Rows [begin[l], end[l]) belong to level l. */
export interface LevelRows {
  readonly begin: Int32Array;
  readonly end: Int32Array;
}

/** What a structure brings to a run: row counts, the rows of each level, and the tables that the program names. */
export interface Schedule {
  /** Rows by space; none where a space is not named. */
  readonly counts: Readonly<Partial<Record<Space, number>>>;
  readonly levels: number;
  /** The rows of each level by space; none where a space is not named. */
  readonly levelRows: Readonly<Partial<Record<LevelledSpace, LevelRows>>>;
  /** Rows at the head of every state buffer that start as zeros. */
  readonly headRows: number;
  /** By table number. */
  readonly tables: readonly (RowTable | ListTable)[];
}

/** A bound input or output: memory from element `offset` on. */
export interface Binding {
  readonly handle: Handle;
  readonly offset: number;
}

/** One run of a program: what `Executor.run` takes. */
export interface Execution {
  readonly executable: Executable;
  readonly schedule: Schedule;
  readonly bindings: readonly (Binding | undefined)[];
}

/** Part of a piece of memory: `length` elements from `offset` on. */
export interface MemoryRange extends Binding {
  readonly length: number;
}

/** Where bound runs take numbers in and give numbers out. */
export interface Window {
  readonly input: MemoryRange;
  readonly output: MemoryRange;
}

/** Runs that are bound once and done any number of times. */
export interface BoundExecutions {
  /**
   * Does the runs.
   * @param handles memory in place of what was to be replaced, in that order; of the same types, and as long
   * @param input copied to its place before the runs, where they were bound with a window
   * @param output filled from its place after the runs
   * @throws RangeError if an array is not as long as its place, or there is another number of handles
   */
  run(handles: readonly Handle[], input?: ArrayLike<number>, output?: TypedArray): void;
  /** Lets go of what the binding took; the runs must not be done afterwards. */
  release(): void;
}

/** What an executor can do besides what all of them do. */
export interface Capabilities {
  /** Memory can be read at once: `read` gives the elements and not a promise of them. */
  readonly synchronous: boolean;
  /**
   * The fast path for runs that are done again and again: binds them, with the handles that are replaced each time. All other memory
   * outlives the binding. Without it, the runs are done one by one.
   */
  readonly bind?: (
    executions: readonly Execution[],
    replaced: readonly Handle[],
    window: Window | null,
  ) => BoundExecutions;
  /** Told of memory that may never be given back: once nobody refers to its handle, it no longer counts as in use. */
  readonly watch?: (handle: Handle) => void;
}

/**
 * What runs programs: all that an executor has to be. Three freedoms are its own: the layout of temporary buffers, running the regions
 * before and after the loop in chunks of rows, and splitting independent parts of the structure among threads. docs/add-an-executor.md
 * shows one.
 */
export interface Executor {
  /** What `LONGSPAN_EXECUTOR`, messages and reports call it. */
  readonly name: string;
  /**
   * Memory for `length` elements, its contents unspecified. It has room for `sizeClass(length)` elements, and statistics count those: the
   * same memory may be given back under a handle of another length of that class.
   */
  allocate(dtype: DType, length: number): Handle;
  /** Gives memory back for reuse; the handle must not be used afterwards. */
  release(handle: Handle): void;
  /** Copies numbers into memory from element `offset` on. @throws RangeError if they do not fit. */
  write(handle: Handle, offset: number, data: ArrayLike<number>): void;
  /** A copy of `length` elements from element `offset` on, once every run before has finished. */
  read(handle: Handle, offset: number, length: number): TypedArray | Promise<TypedArray>;
  /** Prepares a program for any number of runs. @throws ProgramError if it breaks the rules of programs. */
  compile(program: Program): Executable;
  /** Runs a program over the rows of a schedule; `bindings[b]` must be given for every input and output buffer b. */
  run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void;
  /** What it has done and holds, up to now. */
  readonly statistics: ExecutorStatistics;
  readonly capabilities: Capabilities;
}

/** An executor whose memory the CPU can read at once. */
export interface SynchronousExecutor extends Executor {
  read(handle: Handle, offset: number, length: number): TypedArray;
}

/** What an executor has done since its start and holds now: budgets and leak tests read it. */
export interface ExecutorStatistics {
  /** Programs compiled since the start. */
  readonly compiled: number;
  /** Runs since the start. */
  readonly executions: number;
  /** Rows of `node` space put through loop regions or, for programs without a loop, through the program: cell steps. */
  readonly nodeRows: number;
  /** Bytes handed out and not yet released. */
  readonly bytesInUse: number;
  /** Bytes taken from the system, in use or pooled. */
  readonly bytesReserved: number;
}

/**
 * Whether results can be read synchronously.
 * @example isSynchronous(defaultExecutor()) // true: the reference executor is on the CPU
 */
export function isSynchronous(executor: Executor): executor is SynchronousExecutor {
  return executor.capabilities.synchronous;
}
