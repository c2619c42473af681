import type { Handle, RepeatedRuns, Run } from "../../program/index.js";
import { indexError } from "../memory/index-error.js";
import type { PooledHandle } from "../memory/pool.js";
import type { KernelModule } from "./kernel-module.js";

/** What the executor has to do with its repeated runs. */
interface Owner<M> {
  /** Kept, since plans are dropped with their schedules. */
  readonly runs: readonly Run[];
  readonly own: (handle: Handle) => PooledHandle<M>;
  readonly done: () => void;
  readonly released: () => void;
}

/** Repeated runs of compiled kernels: one call does them all. */
export class KernelRepeats<M> implements RepeatedRuns {
  private readonly positions: Int32Array;
  /** Which of the replaced each position belongs to. */
  private readonly which: Int32Array;
  private readonly numbers: Float64Array;
  private readonly others: readonly Handle[];
  private released = false;

  constructor(
    private readonly kernels: KernelModule<M>,
    private readonly id: number,
    private readonly replaced: readonly Handle[],
    private readonly owner: Owner<M>,
  ) {
    const places = owner.runs.flatMap(({ executable, bindings }) =>
      executable.program.buffers.map((_, b) => bindings[b]?.handle),
    );
    const found = places.flatMap((handle, i) => {
      const which = handle ? replaced.indexOf(handle) : -1;
      return which < 0 ? [] : [[2 * i, which] as const];
    });
    this.positions = Int32Array.from(found, ([position]) => position);
    this.which = Int32Array.from(found, ([, which]) => which);
    this.numbers = new Float64Array(found.length);
    const others = new Set(places.filter((h) => h !== undefined));
    for (const handle of replaced) others.delete(handle);
    this.others = [...others];
  }

  run(handles: readonly Handle[]): void {
    if (this.released) throw new Error("repeated runs that were released");
    if (handles.length !== this.replaced.length)
      throw new RangeError(`${handles.length} handles in place of ${this.replaced.length}`);
    for (const handle of this.others) this.owner.own(handle);
    const numbers = handles.map((handle, i) => {
      const { dtype, length } = this.replaced[i]!;
      if (handle.dtype !== dtype || handle.length < length)
        throw new TypeError(`${handle.dtype} of ${handle.length} in place of ${dtype} of ${length}`);
      return this.kernels.numberOf(this.owner.own(handle).memory);
    });
    for (let i = 0; i < this.which.length; i++) this.numbers[i] = numbers[this.which[i]!]!;
    this.kernels.rebind(this.id, this.positions, this.numbers);
    const failure = this.kernels.runPrepared(this.id);
    if (failure) throw indexError(failure[0]!, failure[1]!, failure[2]!, failure[3]!);
    this.owner.done();
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.owner.released();
  }
}
