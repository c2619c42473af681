import {
  type Binding,
  type BoundExecutions,
  type Capabilities,
  type DType,
  type Executable,
  type Execution,
  type Executor,
  type ExecutorStatistics,
  type Handle,
  isSynchronous,
  type Program,
  type Schedule,
  type SynchronousExecutor,
  type TypedArray,
  type Window,
} from "../program/index.js";
import { Arena } from "./arena.js";
import { OneByOne } from "./one-by-one.js";
import { Recorder } from "./recorder.js";
import type { Recording } from "./recording.js";

/**
 * An executor that can record which programs it runs, and repeat them. It is a layer between tensors and another executor, which knows
 * nothing of it and does the work.
 * @example
 * const executor = defaultExecutor();
 * if (isRecordable(executor)) {
 *   const x = tensor([1, 2]);
 *   const recording = executor.record(() => keep(mul(x, 2)));
 *   recording.executions.length; // 1
 *   const again = executor.bind(recording.executions, []);
 *   again.run([]);
 *   again.release();
 *   recording.release();
 * }
 */
export class RecordableExecutor implements SynchronousExecutor {
  private readonly recorder: Recorder;

  /** @internal Use `recordable`. */
  constructor(readonly inner: SynchronousExecutor) {
    this.recorder = new Recorder(inner);
  }

  /** What messages and reports call it. */
  get name(): string {
    return this.inner.name;
  }

  /** What the executor has done and holds. */
  get statistics(): ExecutorStatistics {
    return this.inner.statistics;
  }

  /** What the executor can do besides what all can. */
  get capabilities(): Capabilities {
    return this.inner.capabilities;
  }

  /** Memory for `length` elements, its contents unspecified. */
  allocate(dtype: DType, length: number): Handle {
    return this.recorder.allocate(dtype, length);
  }

  /** Gives memory back; inside a recording, to its arena. */
  release(handle: Handle): void {
    this.recorder.release(handle);
  }

  /** Copies numbers into memory from element `offset` on. */
  write(handle: Handle, offset: number, data: ArrayLike<number>): void {
    this.recorder.write(handle);
    this.inner.write(handle, offset, data);
  }

  /** A copy of `length` elements from element `offset` on. */
  read(handle: Handle, offset: number, length: number): TypedArray {
    return this.inner.read(handle, offset, length);
  }

  /** Prepares a program for any number of runs. */
  compile(program: Program): Executable {
    return this.inner.compile(program);
  }

  /** Runs a program. While it is recording, it notes the execution. */
  run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void {
    if (this.recorder.isRecording) this.recorder.note({ executable, schedule, bindings });
    this.inner.run(executable, schedule, bindings);
  }

  /** Whether it is recording. */
  get isRecording(): boolean {
    return this.recorder.isRecording;
  }

  /**
   * Calls `f` and notes the executions that it causes. They can be repeated, on the same memory, until the recording is released. What
   * `f` writes, reads and computes without the executor is not noted. Memory that `f` allocates and releases goes to the arena and is
   * used again. Memory that `f` writes to stays as it is, since the executions read those numbers.
   * @param arena may be shared by recordings that are never repeated at the same time; by default the recording has its own
   * @throws Error if a recording is under way
   */
  record(f: () => void, arena?: Arena): Recording {
    return this.recorder.record(f, arena);
  }

  /** An arena without memory. */
  arena(): Arena {
    return new Arena(this.inner);
  }

  /** Binds executions that are repeated, each time with other memory in place of `replaced`. All other memory must outlive them. */
  bind(
    executions: readonly Execution[],
    replaced: readonly Handle[],
    window: Window | null = null,
  ): BoundExecutions {
    const { bind } = this.inner.capabilities;
    return bind ? bind(executions, replaced, window) : new OneByOne(this.inner, executions, replaced, window);
  }
}

const known = new WeakMap<Executor, RecordableExecutor>();

/**
 * The recordable layer of an executor. Each executor has one. An executor whose memory cannot be read at once is returned as it is.
 * @example
 * const own = new ReferenceExecutor();
 * recordable(own) === recordable(own) // true
 */
export function recordable(executor: Executor): Executor {
  if (executor instanceof RecordableExecutor || !isSynchronous(executor)) return executor;
  let found = known.get(executor);
  if (!found) {
    found = new RecordableExecutor(executor);
    known.set(executor, found);
  }
  return found;
}

/**
 * Whether an executor can record and repeat what it runs.
 * @example isRecordable(defaultExecutor()) // true: the executors of the library are on the CPU
 */
export function isRecordable(executor: Executor): executor is RecordableExecutor {
  return executor instanceof RecordableExecutor;
}
