import { add, equal, mul, sub, where } from "../ops/index.js";
import { scope, type Tensor } from "../tensor/index.js";
import { dispose } from "./training-state.js";

/** Adds up losses on the executor between two looks at them. */
export class LossSum {
  private total: Tensor | null = null;
  private counted: Tensor | null = null;
  private expected = 0;

  /** @param loss mean over `predictions`: scalar, which is taken over and released */
  add(loss: Tensor, predictions: number): void {
    const before = [this.total, this.counted];
    const [total, counted] = scope(() => {
      const finite = equal(sub(loss, loss), 0);
      const term = where(finite, mul(loss, predictions), 0);
      const count = mul(finite, predictions);
      return [
        this.total === null ? term : add(this.total, term),
        this.counted === null ? count : add(this.counted, count),
      ] as [Tensor, Tensor];
    });
    this.total = total;
    this.counted = counted;
    this.expected += predictions;
    dispose([before, loss]);
  }

  /** The mean loss since the last reading over the predictions whose loss was finite, and how many were not. */
  async read(): Promise<{ mean: number; predictions: number; lost: number }> {
    const { total, counted, expected } = this;
    if (total === null || counted === null) return { mean: Number.NaN, predictions: 0, lost: 0 };
    const [[sum], [count]] = await Promise.all([total.data(), counted.data()]);
    this.dispose();
    return { mean: sum! / count!, predictions: count!, lost: expected - count! };
  }

  dispose(): void {
    dispose([this.total, this.counted]);
    this.total = null;
    this.counted = null;
    this.expected = 0;
  }
}

/** The mean loss over the latest intervals that hold a given number of steps. */
export class RecentLoss {
  private intervals: { steps: number; loss: number; predictions: number }[] = [];

  constructor(private readonly steps: number) {}

  add(steps: number, loss: number, predictions: number): void {
    if (predictions === 0) return;
    this.intervals.push({ steps, loss, predictions });
    let held = this.intervals.reduce((n, i) => n + i.steps, 0);
    while (held - this.intervals[0]!.steps >= this.steps) held -= this.intervals.shift()!.steps;
  }

  get mean(): number {
    let [total, count] = [0, 0];
    for (const { loss, predictions } of this.intervals) {
      total += loss * predictions;
      count += predictions;
    }
    return total / count;
  }
}
