import {
  evaluateByLength,
  evaluateText,
  type LanguageModel,
  type LanguageModelParams,
  type LengthsOptions,
  natsToBits,
  type SymbolNumbers,
} from "longspan";
import { lengthsIn } from "../../settings/lengths.js";
import type { HeldOut, Level } from "./events.js";

/** What the streams of a training were made of. */
export interface TrainedOn {
  /** Streams side by side. */
  readonly batch: number;
  /** Characters or words of the part that is trained on. */
  readonly symbols: number;
}

/**
 * The lengths that were asked for, and those of training. Training reads streams, and carries the state from one end of a stream to the
 * other: so it has seen every length up to that of a stream.
 */
export function lengthsOf(asked: string | null, { batch, symbols }: TrainedOn): LengthsOptions {
  const stream = Math.max(1, Math.floor((symbols - 1) / batch));
  return { lengths: asked === null ? [] : lengthsIn(asked), seen: { least: 1, most: stream } };
}

/** What a model makes of a text that is cut into pieces of some lengths, each read from a zero state. Null if the signal came. */
export function heldOutByLength(
  model: LanguageModel,
  params: LanguageModelParams,
  symbols: SymbolNumbers,
  options: LengthsOptions & { readonly level: Level; readonly signal: { readonly aborted: boolean } },
) {
  const { level, signal, ...lengths } = options;
  return evaluateByLength(lengths, async (length) => {
    const { nats, complete } = await evaluateText(model, params, symbols, { length, signal });
    return complete ? heldOutFigures(nats, level) : null;
  });
}

/** A loss in nats and in the unit of its level. */
export function heldOutFigures(nats: number, level: Level): HeldOut {
  return level === "char"
    ? { nats, bitsPerCharacter: natsToBits(nats) }
    : { nats, perplexity: Math.exp(nats) };
}
