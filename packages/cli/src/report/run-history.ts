import type {
  DoneEvent,
  Facts,
  Measure,
  ProgressEvent,
  RunEvent,
  StartEvent,
  StoppedEvent,
  ValidEvent,
} from "../events.js";
import { figureOf } from "../events.js";

/** What the events of a run amount to. */
export interface RunHistory<F extends Facts = Facts> {
  readonly start: StartEvent<F> | null;
  /** In the order of their steps. */
  readonly progress: readonly ProgressEvent<F>[];
  readonly validations: readonly ValidEvent<F>[];
  /** Whether there were validations, be it without a finite loss: those are not listed. */
  readonly validated: boolean;
  readonly best: ValidEvent<F> | null;
  /** Steps at which the run was taken up again. */
  readonly resumed: readonly number[];
  /** How it ended; null if it is going on or was killed. */
  readonly end: DoneEvent<F> | StoppedEvent | null;
  readonly sample: string | null;
}

/**
 * Reads the events of a run in order. Where steps were taken twice, after an interruption, the later events count.
 * @param loss by which the best validation is known
 */
export function runHistory<F extends Facts>(events: readonly RunEvent<F>[], loss: Measure): RunHistory<F> {
  let start: StartEvent<F> | null = null;
  let end: RunHistory<F>["end"] = null;
  let sample: string | null = null;
  const progress: ProgressEvent<F>[] = [];
  const validations: ValidEvent<F>[] = [];
  const resumed: number[] = [];
  const forget = (after: number) => {
    dropAfter(progress, (e) => e.step, after);
    dropAfter(validations, (e) => e.step, after);
    dropAfter(resumed, (step) => step, after);
  };
  for (const event of events)
    switch (event.event) {
      case "start":
        start = event;
        break;
      case "resumed":
        forget(event.step);
        resumed.push(event.step);
        end = null;
        break;
      case "progress":
        dropAfter(progress, (e) => e.step, event.step - 1);
        progress.push(event);
        break;
      case "valid":
        dropAfter(validations, (e) => e.step, event.step - 1);
        validations.push(event);
        break;
      case "stopped":
        end = event;
        break;
      case "done":
        end = event;
        break;
      case "sample":
        sample = event.text;
    }
  const lossOf = (event: ValidEvent<F>) => figureOf(event, loss);
  const counted = validations.filter((event) => Number.isFinite(lossOf(event)));
  const best = counted.reduce<ValidEvent<F> | null>((a, b) => (a && lossOf(a) <= lossOf(b) ? a : b), null);
  const validated = validations.length > 0;
  return { start, progress, validations: counted, validated, best, resumed, end, sample };
}

/** Takes away what lies beyond a step, at the end of a list in the order of steps. */
function dropAfter<T>(list: T[], stepOf: (item: T) => number, step: number): void {
  while (list.length > 0 && stepOf(list.at(-1)!) > step) list.pop();
}
