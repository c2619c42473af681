import type { DType, TypedArray } from "./dtype.js";
import type { Program, Space } from "./program.js";

/** Memory that an executor owns. Opaque to everyone else. */
export interface Handle {
  readonly dtype: DType;
  readonly length: number;
  /** Whether it was given back. */
  readonly released: boolean;
}

/** A compiled program, opaque, tied to the executor that made it. */
export interface Executable {
  readonly program: Program;
}

/** A row table at run time: row r goes to `offset + r`, or to `offset + index[r]`. */
export interface RowTable {
  readonly offset: number;
  readonly index: Int32Array | null;
}

/** Lists at run time: row r reads rows `index[starts[r] .. starts[r + 1])`. */
export interface ListTable {
  readonly starts: Int32Array;
  readonly index: Int32Array;
}

/** What a structure brings to a run: row counts, the rows of each level, and the tables that the program names. */
export interface Schedule {
  readonly counts: Readonly<Partial<Record<Space, number>>>;
  readonly levels: number;
  /** Rows [begin[l], end[l]) of the space belong to level l. */
  readonly nodeBegin: Int32Array;
  readonly nodeEnd: Int32Array;
  readonly edgeBegin: Int32Array;
  readonly edgeEnd: Int32Array;
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
export interface Run {
  readonly executable: Executable;
  readonly schedule: Schedule;
  readonly bindings: readonly (Binding | undefined)[];
}

/** Memory that recordings have in common for what lives only while their runs are done. */
export interface Arena {
  /** Bytes that it holds. */
  readonly bytes: number;
  /** Gives them back; what was recorded with it must not be repeated afterwards. */
  release(): void;
}

/** The runs that a function made, in their order. */
export interface Recording {
  readonly runs: readonly Run[];
  /** The memory that the function took. */
  readonly made: ReadonlySet<Handle>;
  /** What of it was not given back by the end. */
  readonly left: ReadonlySet<Handle>;
  /** Bytes that the recording holds besides its arena: numbers that the function wrote. */
  readonly bytes: number;
  /** Releases them, and an arena of its own: they stay for as long as the runs are repeated. */
  release(): void;
}

/** Part of a piece of memory: `length` elements from `offset` on. */
export interface Place extends Binding {
  readonly length: number;
}

/** Runs that are bound once and done any number of times. */
export interface PreparedRuns {
  /**
   * Copies `input` to its place, does the runs, and copies what then lies in the output's place to `output`. Takes no memory.
   * @throws RangeError if an array is not as long as its place
   */
  run(input: ArrayLike<number>, output: TypedArray): void;
  /** Lets go of what the preparation took; it must not be run afterwards. */
  release(): void;
}

/** Runs that are bound once and done any number of times, each time with other memory in place of some. */
export interface RepeatedRuns {
  /** Does the runs. @param handles the memory in place of what was to be replaced, in that order; as long and of the same types */
  run(handles: readonly Handle[]): void;
  /** Lets go of what the preparation took; it must not be run afterwards. */
  release(): void;
}

/**
 * Runs programs. Three freedoms are the executor's: the layout of temporary buffers, running the regions before and
 * after the loop in chunks of rows, and splitting independent parts of the structure among threads.
 */
export interface Executor {
  /** What `LONGSPAN_EXECUTOR`, messages and reports call it. */
  readonly name: string;
  /** Memory for `length` elements, its contents unspecified. */
  allocate(dtype: DType, length: number): Handle;
  /** Gives memory back for reuse; the handle must not be used afterwards. */
  release(handle: Handle): void;
  /** Copies numbers into memory from element `offset` on. @throws RangeError if they do not fit. */
  write(handle: Handle, offset: number, data: ArrayLike<number>): void;
  /** A copy of `length` elements from element `offset` on, once every run before has finished. */
  read(handle: Handle, offset: number, length: number): Promise<TypedArray>;
  /** Prepares a program for any number of runs. @throws ProgramError if it breaks the rules of programs. */
  compile(program: Program): Executable;
  /** Runs a program over the rows of a schedule; `bindings[b]` must be given for every input and output buffer b. */
  run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void;
  /** What it has done and holds, up to now. */
  readonly statistics: ExecutorStatistics;
}

/** An executor whose memory the CPU can read at once. */
export interface SynchronousExecutor extends Executor {
  /** `read`, without waiting. */
  readSync(handle: Handle, offset: number, length: number): TypedArray;
  /**
   * Calls `f` and notes the runs that it makes. They can be done again, over the same memory, as long as the recording is not
   * released. What `f` writes and reads is not noted, nor is what it computes elsewhere. Memory that `f` takes and gives back goes to
   * the arena and serves again, but not memory that it writes: those numbers stay for the runs to read.
   * @param arena shared by recordings whose runs are never interleaved; one of its own unless given
   * @throws Error if a recording is under way
   */
  record(f: () => void, arena?: Arena): Recording;
  /** An arena without memory. */
  arena(): Arena;
  /** Whether a recording is under way. */
  readonly isRecording: boolean;
  /** Binds runs, and the places of their input and output, to be done again and again. All memory must outlive it. */
  prepare(runs: readonly Run[], input: Place, output: Place): PreparedRuns;
  /** Binds runs to be done again and again, with other memory in place of `replaced`. All other memory must outlive it. */
  repeat(runs: readonly Run[], replaced: readonly Handle[]): RepeatedRuns;
}

/** What an executor has done since its start and holds now: budgets and leak tests read it. */
export interface ExecutorStatistics {
  /** Programs compiled since the start. */
  readonly compiled: number;
  /** Runs since the start. */
  readonly runs: number;
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
  return "readSync" in executor;
}
