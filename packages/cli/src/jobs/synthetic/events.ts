import { type AtLength, answerUnits, type SyntheticProblem } from "longspan";
import type { DoneEvent, Measures, ProgressEvent, RunEvent, StartEvent } from "../../events.js";
import type { SyntheticRunConfig, SyntheticRunSettings } from "./config.js";

/** What fresh sequences show. */
export interface Score {
  readonly loss: number;
  readonly wrong: number;
  readonly sequences: number;
  /** wrong / sequences */
  readonly share: number;
  /** Where answers are bits: the cross-entropy of a sequence in bits, and how many of its bits are wrong, in the mean. */
  readonly bits?: { readonly cost: number; readonly wrong: number };
}

/** What the events of a run on a synthetic problem hold besides what all have. */
export interface SyntheticFacts {
  readonly start: {
    readonly problem: SyntheticRunConfig["problem"];
    readonly settings: SyntheticRunSettings;
    /** The mean loss of who remembers nothing. */
    readonly baseline: number;
  };
  readonly progress: {
    /** Mean training loss since the last such event: nats, or squared error. */
    readonly loss: number;
    readonly stepsPerSecond: number;
  };
  /** At 1,000 fresh sequences, or, if these are right, at 10,000. */
  readonly valid: Score;
  readonly done: {
    /** Of the last parameters, on 10,000 sequences. */
    readonly fresh: Score;
    /** Of the lengths that were asked for besides, on 1,000 sequences each; absent if none were. */
    readonly beyond?: readonly AtLength<Score>[];
    /** Over the whole run; looks and saving are not counted. */
    readonly stepsPerSecond: number;
  };
}

/** What happens in a run on a synthetic problem. */
export type SyntheticEvent = RunEvent<SyntheticFacts>;
export type SyntheticStart = StartEvent<SyntheticFacts>;
export type SyntheticProgress = ProgressEvent<SyntheticFacts>;
export type SyntheticDone = DoneEvent<SyntheticFacts>;

/** What is measured in a run on a synthetic problem. */
export function syntheticMeasures({ answer }: Pick<SyntheticProblem, "answer">): Measures {
  return {
    loss: { name: "loss", unit: `${answerUnits[answer]} per answer` },
    speed: { name: "stepsPerSecond", unit: "steps" },
    heldOut: "fresh",
  };
}
