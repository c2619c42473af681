import { alignments } from "../../decode/index.js";
import { type PairsModel, type PairsParams, sourceSymbols } from "./pairs-model.js";
import { begin, cut } from "./pairs-vocabulary.js";

/** Where a model looked while it wrote a text. */
export interface AttendedText {
  /** Symbols of the source; its end, which is read too, is null. */
  readonly source: readonly (string | null)[];
  /** Symbols that were written; the end, which is put out too, is null. */
  readonly written: readonly (string | null)[];
  /** A row for each symbol that was written, a column for each of the source, which add up to 1; to a thousandth. */
  readonly weights: readonly (readonly number[])[];
}

/** Symbols of a source, or a target, up to which the weights are told: more are no picture any more. */
const mostSymbols = 40;

/** Where the model looked while it wrote texts, of the first of them that are short enough; none if it has no attention. */
export function attended(
  model: PairsModel,
  params: PairsParams,
  texts: readonly { readonly source: string; readonly found: string }[],
  most: number,
): AttendedText[] {
  const { source: read, target: write } = model.vocabulary;
  const shown = texts
    .map(({ source, found }) => ({
      source,
      found,
      cutSource: cut(source, read.level),
      cutFound: cut(found, write.level),
    }))
    .filter(({ cutSource, cutFound }) => cutSource.length <= mostSymbols && cutFound.length <= mostSymbols)
    .slice(0, most);
  if (!model.hasAttention || shown.length === 0) return [];
  const weights = alignments(
    model.net,
    params,
    shown.map(({ source }) => sourceSymbols(model, source)),
    shown.map(({ found }) => model.target.read(found)),
    { begin },
  );
  return shown.map(({ cutSource, cutFound }, i) => ({
    source: [...cutSource, null],
    written: [...cutFound, null],
    weights: weights[i]!.map((row) => Array.from(row, (weight) => Math.round(1000 * weight) / 1000)),
  }));
}
