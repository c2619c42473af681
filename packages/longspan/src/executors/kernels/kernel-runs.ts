import type { Place, PreparedRuns, Run, TypedArray } from "../../program/index.js";
import { checkPlaced } from "../memory/check-placed.js";
import { indexError } from "../memory/index-error.js";
import type { KernelModule } from "./kernel-module.js";

/** A place and the memory that it lies in. */
interface PlaceIn<M> extends Place {
  readonly memory: M;
}

/** What the executor has to do with its prepared runs. */
interface Owner {
  /** Kept, since plans are dropped with their schedules. */
  readonly runs: readonly Run[];
  readonly done: () => void;
  readonly released: () => void;
}

/** Prepared runs of compiled kernels: one call does them all. */
export class KernelRuns<M> implements PreparedRuns {
  private readonly into: Window<M>;
  private readonly from: Window<M>;
  private released = false;

  constructor(
    private readonly kernels: KernelModule<M>,
    private readonly id: number,
    private readonly input: PlaceIn<M>,
    private readonly output: PlaceIn<M>,
    private readonly owner: Owner,
  ) {
    this.into = new Window(kernels, input);
    this.from = new Window(kernels, output);
  }

  run(input: ArrayLike<number>, output: TypedArray): void {
    if (this.released) throw new Error("prepared runs that were released");
    checkPlaced(input, this.input, output, this.output);
    this.into.elements().set(input);
    const failure = this.kernels.runPrepared(this.id);
    if (failure) throw indexError(failure[0]!, failure[1]!, failure[2]!, failure[3]!);
    this.owner.done();
    output.set(this.from.elements());
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.owner.released();
  }
}

/** The elements of a place, as an array that is made anew only where memory has moved. */
class Window<M> {
  private whole: TypedArray | null = null;
  private part: TypedArray | null = null;

  constructor(
    private readonly kernels: KernelModule<M>,
    private readonly place: PlaceIn<M>,
  ) {}

  elements(): TypedArray {
    const whole = this.kernels.view(this.place.memory);
    if (this.whole !== whole) {
      this.whole = whole;
      this.part = whole.subarray(this.place.offset, this.place.offset + this.place.length);
    }
    return this.part!;
  }
}
