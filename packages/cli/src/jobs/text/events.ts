import type { AtLength } from "longspan";
import type { DoneEvent, Measures, ProgressEvent, RunEvent, StartEvent, ValidEvent } from "../../events.js";
import type { ModelConfig, TextSettings } from "./config.js";
import { unitOf } from "./levels.js";

/** What the model reads and predicts. */
export type Level = TextSettings["level"];

/** The loss on the held-out part. "Characters" are words or tokens in a run whose level is so. */
export interface HeldOut {
  readonly nats: number;
  /** Where the level is "char". */
  readonly bitsPerCharacter?: number;
  /** Where the level is another: of a word, or a token. */
  readonly perplexity?: number;
}

/** What the events of a run on a text hold besides what all have. */
export interface TextFacts {
  readonly start: {
    readonly path: string;
    readonly level: Level;
    /** Characters in all, for training, held out, and different ones. */
    readonly characters: {
      readonly total: number;
      readonly train: number;
      readonly valid: number;
      readonly different: number;
      /** Words or tokens that are not in the vocabulary, where the level is another than "char". */
      readonly unknown?: number;
    };
    readonly model: ModelConfig;
    readonly settings: TextSettings;
  };
  readonly progress: {
    /** Mean training loss since the last such event, in nats per character. */
    readonly nats: number;
    readonly charactersPerSecond: number;
  };
  readonly valid: HeldOut & {
    /** Whether it is the lowest so far. */
    readonly best: boolean;
  };
  readonly done: {
    /** Mean training loss over the last 100 steps or a little more; absent if the run had none left to take. */
    readonly train?: { readonly nats: number };
    /**
     * Of the parameters that were kept, the best ones, and the step that they are from; of the last ones if no loss was finite. Absent
     * if nothing was held out.
     */
    readonly valid?: HeldOut & { readonly step: number };
    /** Of the held-out text in pieces of the lengths that were asked for, each read from a zero state; absent if none were. */
    readonly beyond?: readonly AtLength<HeldOut>[];
    /** Characters predicted in training per second of training time, over the whole run; validation and saving are not counted. */
    readonly charactersPerSecond: number;
  };
}

/** What happens in a run on a text. */
export type TextEvent = RunEvent<TextFacts>;
export type TextStart = StartEvent<TextFacts>;
export type TextProgress = ProgressEvent<TextFacts>;
export type TextValid = ValidEvent<TextFacts>;
export type TextDone = DoneEvent<TextFacts>;

/** What is measured in a run on a text. */
export function textMeasures(level: Level): Measures {
  const unit = unitOf[level];
  return {
    loss: { name: "nats", unit: `nats per ${unit}` },
    speed: { name: "charactersPerSecond", unit: `${unit}s` },
    heldOut: "held out",
  };
}
