import { decodeSafetensors, encodeSafetensors } from "../io/index.js";
import { decodeUtf8, encodeUtf8 } from "../io/utf8.js";
import { fromArray, mapTree, scope } from "../tensor/index.js";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";
import type { Collective } from "./collective.js";
import type { TaskShare } from "./task.js";
import { dispose, type TrainingState } from "./training-state.js";

/** What the ranks agree on at a step, so that they all do the same. */
export interface Agreed {
  /** Of the first rank's clock: seconds of the run. */
  readonly elapsed: number;
  /** Whether any rank is to end. */
  readonly aborted: boolean;
  /** Whether the first rank is to report. */
  readonly due: boolean;
  /** Predictions of the step's batch, those of all shares. */
  readonly predictions: number;
}

/** A training among others that take other shares of the same batches. */
export class Ranks<B, C> {
  readonly isFirst: boolean;

  constructor(
    readonly collective: Collective,
    readonly share: TaskShare<B, C>,
  ) {
    this.isFirst = collective.rank === 0;
  }

  /** The first rank's clock and report, the signal of any, the predictions of all. */
  async agree({ elapsed, aborted, due, predictions }: Agreed): Promise<Agreed> {
    const numbers = Float64Array.of(
      this.isFirst ? elapsed : 0,
      Number(aborted),
      Number(this.isFirst && due),
      predictions,
    );
    await this.collective.sum(numbers);
    const [seconds, signals, reports, all] = numbers;
    return { elapsed: seconds!, aborted: signals! > 0, due: reports! > 0, predictions: all! };
  }

  /** A number, or null, that the first rank finds out for all. */
  async ofFirst(find: () => Promise<number | null>): Promise<number | null> {
    const found = this.isFirst ? await find() : 0;
    const numbers = Float64Array.of(found === null ? 1 : 0, found ?? 0);
    await this.collective.sum(numbers);
    return numbers[0]! > 0 ? null : numbers[1]!;
  }

  /** The state that the first rank has, with the rank's own part of what is carried. What came in is used up. */
  async begin<P, S>(state: TrainingState<P, S, C>): Promise<TrainingState<P, S, C>> {
    const noBytes = new Uint8Array(0);
    const { tensors, progress } = this.isFirst
      ? await encodeCheckpoint(state)
      : { tensors: noBytes, progress: null };
    const [first] = await this.collective.gather(tensors);
    const [text] = await this.collective.gather(
      progress === null ? noBytes : encodeUtf8(JSON.stringify(progress)),
    );
    const whole = this.isFirst
      ? state
      : decodeCheckpoint({ tensors: first!, progress: JSON.parse(decodeUtf8(text!)) }, state);
    if (!this.isFirst) dispose([state.params, state.optimiser, state.carried, state.best]);
    const { carried } = this.share;
    if (!carried) return whole;
    const part = scope(() => carried.part(whole.carried));
    dispose(whole.carried);
    return { ...whole, carried: part };
  }

  /** What all ranks carry together: a tree of its own, whatever becomes of the state. */
  async carried(own: C): Promise<C> {
    const { carried } = this.share;
    if (!carried) return own;
    const all = await this.collective.gather(await encodeSafetensors(own as object));
    return scope(() => carried.whole(all.map((bytes) => likewise(own, bytes))));
  }
}

/** A tree of the form of another, with tensors of its own shapes. */
function likewise<C>(template: C, bytes: Uint8Array): C {
  const { tensors } = decodeSafetensors(bytes);
  return mapTree(template, (_, path) => {
    const { data, shape, dtype } = tensors.get(path)!;
    return fromArray(data, shape, dtype);
  });
}
