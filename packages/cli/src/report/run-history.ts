import type { DoneEvent, ProgressEvent, StartEvent, StoppedEvent, TrainEvent } from "../events.js";

/** A validation. */
export interface Validation {
  readonly step: number;
  readonly seconds: number;
  readonly nats: number;
}

/** What the events of a run amount to. */
export interface RunHistory {
  readonly start: StartEvent | null;
  /** In the order of their steps. */
  readonly progress: readonly ProgressEvent[];
  readonly validations: readonly Validation[];
  /** Whether there were validations, be it without a finite loss: those are not listed. */
  readonly validated: boolean;
  readonly best: Validation | null;
  /** Steps at which the run was taken up again. */
  readonly resumed: readonly number[];
  /** How it ended; null if it is going on or was killed. */
  readonly end: DoneEvent | StoppedEvent | null;
  readonly sample: string | null;
}

/** Reads the events of a run in order. Where steps were taken twice, after an interruption, the later events count. */
export function runHistory(events: readonly TrainEvent[]): RunHistory {
  let start: StartEvent | null = null;
  let end: RunHistory["end"] = null;
  let sample: string | null = null;
  const progress: ProgressEvent[] = [];
  const validations: Validation[] = [];
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
  const counted = validations.filter(({ nats }) => Number.isFinite(nats));
  const best = counted.reduce<Validation | null>((a, b) => (a && a.nats <= b.nats ? a : b), null);
  const validated = validations.length > 0;
  return { start, progress, validations: counted, validated, best, resumed, end, sample };
}

/** Takes away what lies beyond a step, at the end of a list in the order of steps. */
function dropAfter<T>(list: T[], stepOf: (item: T) => number, step: number): void {
  while (list.length > 0 && stepOf(list.at(-1)!) > step) list.pop();
}
