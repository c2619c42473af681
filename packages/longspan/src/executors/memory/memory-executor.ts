import type {
  Binding,
  Capabilities,
  DType,
  Executable,
  Handle,
  Program,
  Schedule,
  SynchronousExecutor,
  TypedArray,
} from "../../program/index.js";
import { type MemoryAccess, Pool } from "./pool.js";

/** What executors whose memory can be read and written at once have in common: everything but programs. */
export abstract class MemoryExecutor<M> implements SynchronousExecutor {
  readonly capabilities: Capabilities = { synchronous: true, watch: (handle) => this.pool.watch(handle) };
  /** @internal */
  protected readonly pool: Pool<M>;
  protected compiled = 0;
  protected executions = 0;
  protected nodeRows = 0;

  constructor(
    readonly name: string,
    private readonly access: MemoryAccess<M>,
  ) {
    this.pool = new Pool(name, access);
  }

  /** Prepares a program for any number of runs. @throws ProgramError if it breaks the rules of programs. */
  abstract compile(program: Program): Executable;
  /** Runs a program over the rows of a schedule; `bindings[b]` must be given for every input and output buffer b. */
  abstract run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void;

  /** What it has done and holds. */
  get statistics() {
    const { bytesInUse, bytesReserved } = this.pool;
    return {
      compiled: this.compiled,
      executions: this.executions,
      nodeRows: this.nodeRows,
      bytesInUse,
      bytesReserved,
    };
  }

  /** Memory for `length` elements, its contents unspecified. */
  allocate(dtype: DType, length: number): Handle {
    return this.pool.allocate(dtype, length);
  }

  /** Gives memory back for reuse. */
  release(handle: Handle): void {
    this.pool.release(handle);
  }

  /** Copies numbers into memory from element `offset` on. */
  write(handle: Handle, offset: number, data: ArrayLike<number>): void {
    const { memory, length } = this.pool.own(handle);
    if (offset < 0 || offset + data.length > length)
      throw new RangeError(`write of ${data.length} at ${offset} into ${length}`);
    this.access.view(memory).set(data, offset);
    this.access.touch(memory);
  }

  /** A copy of `length` elements from element `offset` on. */
  read(handle: Handle, offset: number, length: number): TypedArray {
    const own = this.pool.own(handle);
    if (offset < 0 || offset + length > own.length)
      throw new RangeError(`read of ${length} at ${offset} from ${own.length}`);
    return this.access.view(own.memory).slice(offset, offset + length);
  }
}
