import { chain } from "../../unfold/index.js";
import type { PackedTokens, SequenceTagger } from "./sequence-tagger.js";

/** Tokens of sentences in the rows that a tagger reads. */
export function packTokens(
  { numbers, readsCharacters }: Pick<SequenceTagger, "numbers" | "readsCharacters">,
  sentences: readonly (readonly string[])[],
): PackedTokens {
  const structure = chain(sentences.map((tokens) => tokens.length));
  const flat = sentences.flat();
  const tokens = Array.from(structure.parts.order, (at) => flat[at]!);
  const words = Int32Array.from(tokens, (token) => numbers.word(token));
  if (!readsCharacters) return { words, structure, different: null };
  const known = new Map<string, number>();
  const of = Int32Array.from(tokens, (token) => {
    const number = known.get(token) ?? known.size;
    known.set(token, number);
    return number;
  });
  const spellings = Array.from(known.keys(), (token) => numbers.spelling(token));
  const shape = chain(spellings.map((spelling) => spelling.length));
  const all = spellings.flat();
  const characters = Int32Array.from(shape.parts.order, (at) => all[at]!);
  return { words, structure, different: { characters, structure: shape, of } };
}
