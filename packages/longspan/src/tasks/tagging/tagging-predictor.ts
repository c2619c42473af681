import { check, checkSettings, isRecord, type KindsOf, oneOf, optional, orNull } from "../../check/index.js";
import { scope, type Tensor, type Traceable } from "../../tensor/index.js";
import { treeKind } from "../../tensor/kinds.js";
import { argmaxOf } from "../classification/argmax-of.js";
import { InputError, type Predictor } from "../predictor.js";
import { packTokens } from "./pack-tokens.js";
import type { SequenceTagger, SequenceTaggerParams } from "./sequence-tagger.js";
import { type Span, type SpanMode, type SpanScheme, spansOf } from "./spans.js";
import { taggerKind } from "./tagging-learner.js";

/** A tagged sentence as a predictor gives it. */
export interface TagPrediction {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
  /** Where the tags write spans. */
  readonly spans?: readonly (Span & { readonly text: string })[];
}

/** How tags are read. */
export interface TaggingPredictorOptions {
  /** How they write spans, which are given too; null, and by default, they are none. */
  readonly scheme?: SpanScheme | null;
  /** Which spans are read where tags do not keep to the scheme; `conll` by default. */
  readonly mode?: SpanMode;
}

/**
 * What a trained tagger says of sentences: a text, whose tokens stand between white space, or a record { tokens }.
 *
 * @example
 * const vocabulary = taggingVocabulary([{ tokens: ["Ada", "wrote"], tags: ["B-PER", "O"] }], { minCount: 1 });
 * const layer = (input: number) => recurrent(gru({ input, hidden: 4 })) as AnySequenceLayer;
 * const model = sequenceTagger({ vocabulary, features: 4, layer });
 * const predictor = taggingPredictor(model, model.init(Key.of(1)), { scheme: "IOB2" });
 * const [found] = await predictor.predict([predictor.read({ tokens: ["Ada", "wrote"] })]);
 * Object.keys(found!); // ["tokens", "tags", "spans"]
 */
export function taggingPredictor(
  model: SequenceTagger,
  params: SequenceTaggerParams,
  options?: TaggingPredictorOptions,
): Predictor<readonly string[]> {
  check("taggingPredictor", "model", model, taggerKind);
  check("taggingPredictor", "params", params, treeKind);
  const { scheme = null, mode = "conll" } = checkSettings("taggingPredictor", options, optionKinds);
  const { tags: names } = model.vocabulary;
  return {
    input: "a text whose tokens stand between white space, or a record { tokens }",
    format: "lines",
    read: readTokens,
    async predict(sentences) {
      const packed = packTokens(model, sentences);
      const logits = scope(() => model.apply(params as Traceable<SequenceTaggerParams>, packed) as Tensor);
      const rows = await logits.data();
      logits.dispose();
      const answers = new Array<string>(packed.structure.nodes);
      for (const [row, at] of packed.structure.parts.order.entries())
        answers[at] = names[argmaxOf(rows, row * names.length, names.length)]!;
      let begin = 0;
      return sentences.map((tokens): TagPrediction => {
        const tags = answers.slice(begin, begin + tokens.length);
        begin += tokens.length;
        if (scheme === null) return { tokens, tags };
        const spans = spansOf(tags, { scheme, mode }).map((span) => ({
          ...span,
          text: tokens.slice(span.begin, span.end).join(" "),
        }));
        return { tokens, tags, spans };
      });
    },
  };
}

function readTokens(value: unknown): readonly string[] {
  if (typeof value === "string") return tokensOf(value);
  const tokens = isRecord(value) ? (value.tokens ?? value.text) : value;
  if (typeof tokens === "string") return tokensOf(tokens);
  if (!Array.isArray(tokens))
    throw new InputError("expected a text, or a record { tokens }, a list of texts");
  if (tokens.length === 0) throw new InputError("there are no tokens", { path: "tokens" });
  for (const [i, token] of tokens.entries())
    if (typeof token !== "string" || token === "")
      throw new InputError(`expected a text that is not empty, got ${JSON.stringify(token)}`, {
        path: `tokens[${i}]`,
      });
  return tokens as string[];
}

function tokensOf(text: string): readonly string[] {
  const tokens = text.split(/\s+/u).filter((token) => token !== "");
  if (tokens.length === 0) throw new InputError("the text has no tokens");
  return tokens;
}

const optionKinds: KindsOf<TaggingPredictorOptions> = {
  scheme: optional(orNull(oneOf("IOB1", "IOB2", "IOBES", "BILOU"))),
  mode: optional(oneOf("conll", "strict")),
};
