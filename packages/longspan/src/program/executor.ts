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

/** What a program takes from a structure: row counts, the rows of each level, and the tables that the program names. */
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

/** One execution of a program: the arguments of `Executor.run`. */
export interface Execution {
  readonly executable: Executable;
  readonly schedule: Schedule;
  readonly bindings: readonly (Binding | undefined)[];
}

/** Part of a piece of memory: `length` elements from `offset` on. */
export interface MemoryRange extends Binding {
  readonly length: number;
}

/** Where bound executions read their input and write their output. */
export interface Window {
  readonly input: MemoryRange;
  readonly output: MemoryRange;
}

/** Executions that are bound once and repeated any number of times. */
export interface BoundExecutions {
  /**
   * Runs the programs.
   * @param handles memory in place of the handles that are replaced, in that order; of the same types, and at least as long
   * @param input copied to the window's input before the programs run, if there is a window
   * @param output filled from the window's output after the programs have run
   * @throws RangeError if an array is not as long as its range of the window, or there is another number of handles
   */
  run(handles: readonly Handle[], input?: ArrayLike<number>, output?: TypedArray): void;
  /** Releases what the binding took. It must not be run afterwards. */
  release(): void;
}

/** What an executor can do besides what all of them do. */
export interface Capabilities {
  /** Memory can be read at once: `read` gives the elements and not a promise of them. */
  readonly synchronous: boolean;
  /**
   * The fast path for executions that are repeated: binds them. `replaced` are the handles that each repetition replaces; all other memory
   * outlives the binding. On an executor without it, the programs run one by one.
   */
  readonly bind?: (
    executions: readonly Execution[],
    replaced: readonly Handle[],
    window: Window | null,
  ) => BoundExecutions;
  /** Called with memory that may never be released. Once its handle is garbage, the memory no longer counts as in use. */
  readonly watch?: (handle: Handle) => void;
}

/**
 * An executor runs programs. It may choose three things: how temporary buffers are laid out, whether the regions before and after the
 * loop run in chunks of rows, and whether threads share the independent parts of a structure. docs/add-an-executor.md shows an executor.
 */
export interface Executor {
  /** Its name in `LONGSPAN_EXECUTOR`, messages and reports. */
  readonly name: string;
  /**
   * Allocates memory for `length` elements, with any contents. It has room for `sizeClass(length)` elements, and statistics count those:
   * the same memory may be released under a handle of another length of that class.
   */
  allocate(dtype: DType, length: number): Handle;
  /** Releases memory for reuse. The handle must not be used afterwards. */
  release(handle: Handle): void;
  /** Copies numbers into memory from element `offset` on. @throws RangeError if they do not fit. */
  write(handle: Handle, offset: number, data: ArrayLike<number>): void;
  /** A copy of `length` elements from element `offset` on, once every run before has finished. */
  read(handle: Handle, offset: number, length: number): TypedArray | Promise<TypedArray>;
  /** Prepares a program for any number of runs. @throws ProgramError if it breaks the rules of programs. */
  compile(program: Program): Executable;
  /** Runs a program over the rows of a schedule. Each input and output buffer b needs `bindings[b]`. */
  run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void;
  /** What it has done so far, and what it holds. */
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
  /** Programs run since the start. */
  readonly executions: number;
  /** Cell steps since the start: the `node` rows of all programs that ran. */
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
