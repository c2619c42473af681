import {
  type BoundExecutions,
  checkHandles,
  checkWindow,
  type Execution,
  type Handle,
  type MemoryRange,
  type TypedArray,
  type Window,
} from "../../program/index.js";
import { indexError } from "../../program/index-error.js";
import type { PooledHandle } from "../memory/pool.js";
import type { KernelModule } from "./kernel-module.js";

/** What the executor does for the executions that it bound. */
interface Owner<M> {
  /** Kept, since scheduled programs are dropped with their schedules. */
  readonly executions: readonly Execution[];
  readonly own: (handle: Handle) => PooledHandle<M>;
  readonly run: () => readonly number[] | undefined;
  readonly done: () => void;
  readonly released: () => void;
}

/** Bound executions on compiled kernels: one call runs all of them. */
export class BoundKernelExecutions<M> implements BoundExecutions {
  private readonly input: View<M> | null;
  private readonly output: View<M> | null;
  /** Positions in the bindings that change, which of the replaced handles goes to each, and the number that is there now. */
  private readonly positions: Int32Array;
  private readonly which: Int32Array;
  private readonly numbers: Float64Array;
  private readonly others: readonly Handle[];
  private released = false;

  constructor(
    private readonly kernels: KernelModule<M>,
    private readonly id: number,
    private readonly replaced: readonly Handle[],
    private readonly window: Window | null,
    private readonly owner: Owner<M>,
  ) {
    this.input = window && new View(kernels, window.input, owner.own(window.input.handle).memory);
    this.output = window && new View(kernels, window.output, owner.own(window.output.handle).memory);
    const boundHandles = owner.executions.flatMap(({ executable, bindings }) =>
      executable.program.buffers.map((_, b) => bindings[b]?.handle),
    );
    const found = boundHandles.flatMap((handle, i) => {
      const which = handle ? replaced.indexOf(handle) : -1;
      return which < 0 ? [] : [[2 * i, which] as const];
    });
    this.positions = Int32Array.from(found, ([position]) => position);
    this.which = Int32Array.from(found, ([, which]) => which);
    this.numbers = new Float64Array(found.length);
    const others = new Set(boundHandles.filter((h) => h !== undefined));
    for (const handle of replaced) others.delete(handle);
    this.others = [...others];
  }

  run(handles: readonly Handle[], input?: ArrayLike<number>, output?: TypedArray): void {
    if (this.released) throw new Error("bound executions that were released");
    if (this.window) checkWindow(this.window, input!, output!);
    if (this.replaced.length > 0 || handles.length > 0) this.rebind(handles);
    this.input?.elements().set(input!);
    const failure = this.owner.run();
    if (failure) throw indexError(failure[0]!, failure[1]!, failure[2]!, failure[3]!);
    this.owner.done();
    if (this.output) output!.set(this.output.elements());
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.owner.released();
  }

  private rebind(handles: readonly Handle[]): void {
    checkHandles(handles, this.replaced);
    for (const handle of this.others) this.owner.own(handle);
    const numbers = handles.map((handle) => this.kernels.numberOf(this.owner.own(handle).memory));
    for (let i = 0; i < this.which.length; i++) this.numbers[i] = numbers[this.which[i]!]!;
    this.kernels.rebind(this.id, this.positions, this.numbers);
  }
}

/** The elements of a range of memory, as an array. The array is made again only if the memory has moved. */
class View<M> {
  private whole: TypedArray | null = null;
  private part: TypedArray | null = null;

  constructor(
    private readonly kernels: KernelModule<M>,
    private readonly range: MemoryRange,
    private readonly memory: M,
  ) {}

  elements(): TypedArray {
    const whole = this.kernels.view(this.memory);
    if (this.whole !== whole) {
      this.whole = whole;
      this.part = whole.subarray(this.range.offset, this.range.offset + this.range.length);
    }
    return this.part!;
  }
}
