import {
  type BoundExecutions,
  checkHandles,
  checkWindow,
  type Execution,
  type Handle,
  type MemoryRange,
  type SynchronousExecutor,
  type TypedArray,
  type Window,
} from "../program/index.js";

/** Bound executions on an executor without a fast path: it runs one program after the other. */
export class OneByOne implements BoundExecutions {
  private released = false;

  constructor(
    private readonly executor: SynchronousExecutor,
    private readonly executions: readonly Execution[],
    private readonly replaced: readonly Handle[],
    private readonly window: Window | null,
  ) {}

  run(handles: readonly Handle[], input?: ArrayLike<number>, output?: TypedArray): void {
    if (this.released) throw new Error("bound executions that were released");
    const { executor, replaced, window } = this;
    checkHandles(handles, replaced);
    if (window) checkWindow(window, input!, output!);
    const other = new Map(replaced.map((handle, i) => [handle, handles[i]!]));
    if (window) executor.write(window.input.handle, window.input.offset, input!);
    for (const { executable, schedule, bindings } of this.executions)
      executor.run(
        executable,
        schedule,
        bindings.map((b) => b && { ...b, handle: other.get(b.handle) ?? b.handle }),
      );
    if (window) output!.set(elements(executor, window.output));
  }

  release(): void {
    this.released = true;
  }
}

function elements(executor: SynchronousExecutor, { handle, offset, length }: MemoryRange): TypedArray {
  return executor.read(handle, offset, length);
}
