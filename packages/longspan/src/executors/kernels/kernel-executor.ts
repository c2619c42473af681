import { encodeProgram, encodeSchedule } from "../../lower/index.js";
import {
  type Binding,
  type BoundExecutions,
  type BufferDecl,
  type Capabilities,
  type Executable,
  type Execution,
  type Handle,
  type Program,
  type Schedule,
  verifyProgram,
  type Window,
} from "../../program/index.js";
import { indexError } from "../../program/index-error.js";
import { MemoryExecutor } from "../memory/memory-executor.js";
import { BoundKernelExecutions } from "./bound-kernel-executions.js";
import type { KernelModule } from "./kernel-module.js";

/**
 * Runs programs on compiled kernels. Each program is encoded and passed to them once, each schedule once per program; to run it is one
 * call. Sums are computed in the type of their operands, in an order that does not depend on the other rows of a batch.
 */
export class KernelExecutor<M> extends MemoryExecutor<M> {
  constructor(
    name: string,
    readonly kernels: KernelModule<M>,
  ) {
    super(name, {
      make: (dtype, capacity) => kernels.allocate(dtype, capacity),
      view: (memory) => kernels.view(memory),
      touch: (memory) => kernels.touch(memory),
      ...(kernels.drop ? { drop: kernels.drop.bind(kernels) } : {}),
      ...(kernels.mostBytes === undefined ? {} : { mostBytes: kernels.mostBytes }),
    });
  }

  override readonly capabilities: Capabilities = {
    synchronous: true,
    watch: (handle) => this.pool.watch(handle),
    bind: (executions, replaced, window) => this.bindExecutions(executions, replaced, window),
  };

  override get statistics() {
    const { bytesReserved, ...others } = super.statistics;
    return { ...others, bytesReserved: bytesReserved + this.kernels.workspaceBytes() };
  }

  compile(program: Program): Executable {
    verifyProgram(program);
    const { ints, reals } = encodeProgram(program);
    const executable = new KernelExecutable(program, this.kernels.compile(ints, reals));
    this.compiled += 1;
    const { kernels } = this;
    dropped.register(executable, { drop: kernels.dropProgram.bind(kernels), id: executable.id });
    return executable;
  }

  run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void {
    const own = ownExecutable(executable);
    this.executions += 1;
    this.nodeRows += schedule.counts.node ?? 0;
    this.bind(own, schedule, bindings, own.bindings);
    const failure = this.withMemory(() => this.kernels.run(this.scheduledFor(own, schedule), own.bindings));
    if (failure) throw indexError(failure[0]!, failure[1]!, failure[2]!, failure[3]!);
  }

  /** Calls `f`. If there is not enough memory, it frees the memory that is kept for reuse and calls `f` again. */
  private withMemory<T>(f: () => T): T {
    try {
      return f();
    } catch (error) {
      if (!isShortage(error)) throw error;
    }
    this.pool.giveBack();
    return this.explained(f);
  }

  /** Calls `f`. If the kernels have no memory, the error says what to do. */
  private explained<T>(f: () => T): T {
    try {
      return f();
    } catch (error) {
      throw isShortage(error) ? this.pool.shortage() : error;
    }
  }

  private bindExecutions(
    executions: readonly Execution[],
    replaced: readonly Handle[],
    window: Window | null,
  ): BoundExecutions {
    const bound = executions.map(({ executable, schedule, bindings }) => {
      const own = ownExecutable(executable);
      const bindingNumbers = new Float64Array(2 * own.program.buffers.length);
      this.bind(own, schedule, bindings, bindingNumbers);
      return { scheduled: this.scheduledFor(own, schedule), bindings: bindingNumbers };
    });
    const nodeRows = executions.reduce((n, r) => n + (r.schedule.counts.node ?? 0), 0);
    const { kernels } = this;
    const own = this.pool.own.bind(this.pool);
    const id = this.withMemory(() => kernels.prepare(bound, window && own(window.input.handle).memory));
    const prepared = new BoundKernelExecutions(kernels, id, replaced, window, {
      executions,
      own,
      run: () => this.explained(() => kernels.runPrepared(id)),
      done: () => {
        this.executions += executions.length;
        this.nodeRows += nodeRows;
      },
      released: () => {
        dropped.unregister(prepared);
        kernels.dropPrepared(id);
      },
    });
    dropped.register(prepared, { drop: kernels.dropPrepared.bind(kernels), id }, prepared);
    return prepared;
  }

  private bind(
    executable: KernelExecutable,
    schedule: Schedule,
    bindings: readonly (Binding | undefined)[],
    bindingNumbers: Float64Array,
  ): void {
    for (const { number, buffer } of executable.bound) {
      const binding = bindings[number];
      if (!binding) throw new Error(`program ${executable.program.name}: buffer ${buffer.name} is not bound`);
      const handle = this.pool.own(binding.handle);
      const rows = schedule.counts[buffer.space] ?? 0;
      if (handle.dtype !== buffer.dtype)
        throw new TypeError(`buffer ${buffer.name} holds ${buffer.dtype}, bound to ${handle.dtype}`);
      if (binding.offset < 0 || binding.offset + rows * buffer.columns > handle.length)
        throw new RangeError(
          `buffer ${buffer.name} needs ${rows} x ${buffer.columns}, bound to ${handle.length - binding.offset}`,
        );
      bindingNumbers[2 * number] = this.kernels.numberOf(handle.memory);
      bindingNumbers[2 * number + 1] = binding.offset;
    }
  }

  private scheduledFor(executable: KernelExecutable, schedule: Schedule): number {
    let scheduled = executable.scheduled.get(schedule);
    if (scheduled === undefined) {
      scheduled = this.kernels.schedule(executable.id, encodeSchedule(executable.program, schedule));
      executable.scheduled.set(schedule, scheduled);
      const { kernels } = this;
      dropped.register(schedule, { drop: kernels.dropScheduled.bind(kernels), id: scheduled });
    }
    return scheduled;
  }
}

/** Drops what the kernels hold once its owner is garbage: the schedule, the executable, or prepared executions that nobody released. */
const dropped = new FinalizationRegistry<{ drop: (id: number) => void; id: number }>(({ drop, id }) =>
  drop(id),
);

/** Whether the kernels say that they have no memory. */
function isShortage(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith("out of memory");
}

function ownExecutable(executable: Executable): KernelExecutable {
  if (!(executable instanceof KernelExecutable)) throw new TypeError("an executable of another executor");
  return executable;
}

class KernelExecutable implements Executable {
  readonly scheduled = new WeakMap<Schedule, number>();
  /** Filled before each execution. */
  readonly bindings: Float64Array;
  readonly bound: readonly { readonly number: number; readonly buffer: BufferDecl }[];

  constructor(
    readonly program: Program,
    readonly id: number,
  ) {
    this.bindings = new Float64Array(2 * program.buffers.length);
    this.bound = program.buffers.flatMap((buffer, number) =>
      buffer.role === "input" || buffer.role === "output" ? [{ number, buffer }] : [],
    );
  }
}
