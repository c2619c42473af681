import type { Measures } from "../events.js";
import type { RunLine } from "../run-lines.js";
import type { ExampleKind } from "./example-kind.js";
import type { ExampleSettings } from "./example-settings.js";

/** The figures of an evaluation by name: `loss`, and the measures of the kind. */
export type Figures = Readonly<Record<string, number>> & { readonly loss: number };

/** What the events of a run over examples hold besides what all have. */
export interface ExampleFacts {
  readonly start: {
    readonly path: string;
    readonly examples: { readonly train: number; readonly valid: number; readonly test?: number };
    /** What was read, in words. */
    readonly summary: readonly RunLine[];
    /** The model, where it is not one of `cell`, `layers` and `hidden`. */
    readonly model?: string;
    readonly settings: ExampleSettings;
  };
  readonly progress: {
    /** Mean training loss since the last such event. */
    readonly loss: number;
    /** Predictions learned from per second. */
    readonly perSecond: number;
  };
  readonly valid: Figures & {
    /** Whether the loss is the lowest so far. */
    readonly best: boolean;
  };
  readonly done: {
    /** Mean training loss over the last 100 steps or a little more; absent if the run had none left to take. */
    readonly train?: { readonly loss: number };
    /** Of the parameters that were kept, the best ones, and the step that they are from; absent if nothing was held out. */
    readonly valid?: Figures & { readonly step: number };
    /** Of the same parameters on the test part, where there is one. */
    readonly test?: Figures;
    /** What is more than a figure in their evaluation: on the test part, where there is one. */
    readonly details?: object;
    readonly perSecond: number;
  };
}

type Words = Pick<ExampleKind<never, never, never, never>, "one" | "counted" | "lossUnit">;

/** What is measured in a run over examples. */
export function exampleMeasures({ one, counted = one, lossUnit }: Words): Measures {
  return {
    loss: { name: "loss", unit: lossUnit },
    speed: { name: "perSecond", unit: `${counted}s` },
    heldOut: "held out",
  };
}
