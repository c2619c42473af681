import type {
  Arena,
  Binding,
  DType,
  Executable,
  Handle,
  Place,
  PreparedRuns,
  Program,
  Recording,
  RepeatedRuns,
  Run,
  Schedule,
  SynchronousExecutor,
  TypedArray,
} from "../../program/index.js";
import { Pool } from "./pool.js";
import { PooledArena, Recorder } from "./recorder.js";

/** How an executor makes its memory and reaches it. M: what it keeps it in. */
export interface MemoryAccess<M> {
  /** Memory for so many elements. */
  make(dtype: DType, capacity: number): M;
  view(memory: M): TypedArray;
  /** Called after memory was written from outside. */
  touch(memory: M): void;
}

/** What executors whose memory can be read and written at once have in common: everything but programs. */
export abstract class MemoryExecutor<M> implements SynchronousExecutor {
  /** @internal */
  protected readonly pool: Pool<M>;
  /** @internal */
  protected readonly recorder: Recorder<M>;
  protected compiled = 0;
  protected runs = 0;
  protected nodeRows = 0;

  constructor(
    readonly name: string,
    private readonly access: MemoryAccess<M>,
  ) {
    this.pool = new Pool((dtype, capacity) => access.make(dtype, capacity));
    this.recorder = new Recorder(this.pool, (from, to) => {
      access.view(to).set(access.view(from));
      access.touch(to);
    });
  }

  /** Prepares a program for any number of runs. @throws ProgramError if it breaks the rules of programs. */
  abstract compile(program: Program): Executable;
  /** Runs a program over the rows of a schedule; `bindings[b]` must be given for every input and output buffer b. */
  abstract run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void;
  /** Binds runs, and the places of their input and output, to be done again and again. All memory must outlive it. */
  abstract prepare(runs: readonly Run[], input: Place, output: Place): PreparedRuns;
  /** Binds runs to be done again and again, with other memory in place of `replaced`. All other memory must outlive it. */
  abstract repeat(runs: readonly Run[], replaced: readonly Handle[]): RepeatedRuns;

  get statistics() {
    const { bytesInUse, bytesReserved } = this.pool;
    return { compiled: this.compiled, runs: this.runs, nodeRows: this.nodeRows, bytesInUse, bytesReserved };
  }

  allocate(dtype: DType, length: number): Handle {
    return this.recorder.allocate(dtype, length);
  }

  release(handle: Handle): void {
    this.recorder.release(this.pool.own(handle));
  }

  write(handle: Handle, offset: number, data: ArrayLike<number>): void {
    const own = this.pool.own(handle);
    if (offset < 0 || offset + data.length > own.length)
      throw new RangeError(`write of ${data.length} at ${offset} into ${own.length}`);
    this.recorder.write(own);
    const { memory } = own;
    this.access.view(memory).set(data, offset);
    this.access.touch(memory);
  }

  async read(handle: Handle, offset: number, length: number): Promise<TypedArray> {
    return this.readSync(handle, offset, length);
  }

  readSync(handle: Handle, offset: number, length: number): TypedArray {
    const own = this.pool.own(handle);
    if (offset < 0 || offset + length > own.length)
      throw new RangeError(`read of ${length} at ${offset} from ${own.length}`);
    return this.access.view(own.memory).slice(offset, offset + length);
  }

  get isRecording(): boolean {
    return this.recorder.isRecording;
  }

  record(f: () => void, arena?: Arena): Recording {
    return this.recorder.record(f, arena);
  }

  arena(): Arena {
    return new PooledArena(this.pool);
  }
}
