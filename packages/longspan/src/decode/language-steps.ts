import {
  check,
  checkSettings,
  describe,
  having,
  type KindsOf,
  kind,
  list,
  numbers,
  optional,
  type RequiredKind,
  size,
} from "../check/index.js";
import type { PartialState, SequenceLayer, Stream, StreamOptions } from "../nn/index.js";
import { streamKinds } from "../nn/layers/stream-options.js";
import {
  keep,
  leaves,
  mapTree,
  onCpu,
  type Tensor,
  type Traceable,
  type TypedArray,
  type Value,
} from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { logSoftmaxInto, logSoftmaxOf } from "./log-softmax.js";
import type { Said, StepModel } from "./step-model.js";

/** A sequence layer from symbols to the logits of the next one, such as `languageModel` makes. */
export interface SymbolModel<P, S> extends Pick<SequenceLayer<P, S>, "stream" | "further"> {
  /** Logits of the first symbol, [vocabulary]; a model without them needs prompts. */
  first?(params: Traceable<P>): Value;
}

/** Which sequences are asked about, and what else the model reads of each. */
export interface LanguageStepsOptions extends Pick<StreamOptions, "sets" | "inputs"> {
  /** How many, each beginning with nothing; 1 by default, or as many as there are prompts. */
  readonly sequences?: number;
  /** What each sequence begins with; it is read, and is no part of what is decoded. Prompts may be empty where the model has a `first`. */
  readonly prompts?: readonly ArrayLike<number>[];
}

/** A language model as a step model. Dispose of it. */
export interface LanguageSteps<S> extends StepModel<LanguageStepsState<S>> {
  copy(state: LanguageStepsState<S>): LanguageStepsState<S>;
  /** Releases the memory of its stream. */
  dispose(): void;
}

/** A state of `languageSteps`: that of its stream, or what is needed to bring it back. */
export interface LanguageStepsState<S> {
  /** @internal */
  readonly saved: { readonly owners: Int32Array; readonly state: S; readonly position: number } | null;
}

/**
 * A language model as a step model, on a stream: a step of all rows is one call into the executor. Decoders that read a source are
 * language models too: what they read of each sequence is given as `inputs` and `sets`, as for a stream.
 *
 * Prompts of different lengths are read side by side; the position of the stream, which few models look at, counts from the longest.
 *
 * @param model from symbols int32 [nodes] to logits [nodes, vocabulary]
 * @param params are not changed
 * @throws RangeError for a prompt with a symbol that is none, or an empty one where the model has no `first`
 * @throws TypeError for a model that reads more than symbols at its nodes
 * @example
 * const model = languageModel({ vocabulary: 5, features: 4, hidden: 8 });
 * const steps = languageSteps(model, model.init(Key.of(1)), { prompts: [[0, 1], [3]] });
 * steps.start().logProbabilities.length // 10: two rows of five
 * steps.dispose();
 */
export function languageSteps<P, S>(
  model: SymbolModel<P, S>,
  params: P,
  options?: LanguageStepsOptions,
): LanguageSteps<S> {
  check("languageSteps", "model", model, modelKind);
  check("languageSteps", "params", params, treeKind);
  const { prompts: supplied, sequences, ...others } = checkSettings("languageSteps", options, kinds);
  const prompts = supplied ?? Array.from({ length: sequences ?? 1 }, () => []);
  if (sequences !== undefined && sequences !== prompts.length)
    throw new RangeError(
      `languageSteps: sequences is ${sequences}, and there are ${prompts.length} prompts; one of the two is enough`,
    );
  if (prompts.length === 0)
    throw new RangeError("languageSteps: prompts is an empty list; give one per sequence");
  const further = Object.keys(model.further ?? {});
  if (further.length > 0)
    throw new TypeError(
      `languageSteps: model reads ${further.join(", ")} at its nodes besides symbols; give what stays the same over a sequence as an input of sequences, or make a step model of your own`,
    );
  const stream = model.stream(params, { ...others, sequences: prompts.length });
  try {
    return new StreamSteps(stream, prompts, model.first?.(params as Traceable<P>));
  } catch (error) {
    stream.dispose();
    throw error;
  }
}

class StreamSteps<S> implements LanguageSteps<S> {
  readonly sequences: number;
  readonly vocabulary: number;
  private readonly first: TypedArray | null;
  /** The state that lies in the stream; any other is brought back, or was used up. */
  private current: LanguageStepsState<S> = { saved: null };

  constructor(
    private readonly stream: Stream<S>,
    private readonly prompts: readonly ArrayLike<number>[],
    first: Value | undefined,
  ) {
    this.sequences = prompts.length;
    this.first = first ? onCpu(first).toArray() : null;
    this.vocabulary = stream.step(new Int32Array(this.sequences)).length / this.sequences;
    this.checkPrompts();
  }

  start(): Said<LanguageStepsState<S>> {
    const { stream, prompts, vocabulary } = this;
    stream.reset();
    const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
    const said = new Float64Array(prompts.length * vocabulary);
    /** States of rows whose prompt is over while others are read, by part of the state. */
    const over: { readonly row: number; readonly parts: readonly TypedArray[] }[] = [];
    const end = (t: number, logits: (row: number) => ArrayLike<number>) => {
      for (const [row, { length }] of prompts.entries()) {
        if (length !== t) continue;
        logSoftmaxInto("languageSteps", said.subarray(row * vocabulary, (row + 1) * vocabulary), logits(row));
        if (t === longest) continue;
        const state = leaves(stream.state) as Tensor[];
        over.push({ row, parts: state.map((v) => rowOf(v, row)) });
        for (const v of state) v.dispose();
      }
    };
    end(0, () => this.first!);
    for (let t = 0; t < longest; t++) {
      // What a row reads after its prompt is of no account.
      const output = stream.step(Int32Array.from(prompts, (prompt) => prompt[t] ?? 0));
      end(t + 1, (row) => output.subarray(row * vocabulary, (row + 1) * vocabulary));
    }
    if (over.length > 0) this.replaceRows(over);
    return this.went(said);
  }

  step(state: LanguageStepsState<S>, symbols: Int32Array): Said<LanguageStepsState<S>> {
    this.bring(state);
    return this.went(logSoftmaxOf("languageSteps", this.stream.step(symbols), this.vocabulary));
  }

  select(state: LanguageStepsState<S>, rows: Int32Array): LanguageStepsState<S> {
    this.bring(state);
    this.stream.select(rows);
    this.current = { saved: null };
    return this.current;
  }

  copy(state: LanguageStepsState<S>): LanguageStepsState<S> {
    this.bring(state);
    const { structure, position } = this.stream;
    // Kept, since a scope around a step knows nothing of the ones that follow.
    return { saved: { owners: structure.parts.sequenceOf, state: keep(this.stream.state), position } };
  }

  dispose(): void {
    this.stream.dispose();
  }

  private went(logProbabilities: Float64Array): Said<LanguageStepsState<S>> {
    this.current = { saved: null };
    return { logProbabilities, state: this.current };
  }

  /** Has a state lie in the stream. */
  private bring(state: LanguageStepsState<S>): void {
    if (state === this.current) return;
    const { saved } = state;
    if (saved === null)
      throw new Error(
        "languageSteps: this state was used up by a step or a choice of rows; copy() it before, to go on from it twice",
      );
    this.stream.reset();
    this.stream.select(saved.owners);
    this.stream.state = saved.state as PartialState<S>;
    this.stream.position = saved.position;
    this.current = state;
  }

  private replaceRows(
    rows: readonly { readonly row: number; readonly parts: readonly TypedArray[] }[],
  ): void {
    let part = 0;
    const state = mapTree(this.stream.state, (v) => {
      const tensor = v as Tensor;
      const all = onCpu(tensor).toArray();
      for (const { row, parts } of rows) all.set(parts[part]!, (row * all.length) / this.sequences);
      part += 1;
      tensor.write(all);
      return tensor;
    });
    this.stream.state = state as PartialState<S>;
    for (const v of leaves(state)) (v as Tensor).dispose();
  }

  private checkPrompts(): void {
    const empty = this.prompts.findIndex(({ length }) => length === 0);
    if (empty >= 0 && this.first === null)
      throw new RangeError(
        `languageSteps: prompts[${empty}] is empty, and the model has no logits for a first symbol; give each sequence a symbol to begin with`,
      );
    this.prompts.forEach((prompt, s) => {
      for (let i = 0; i < prompt.length; i++)
        if (!Number.isInteger(prompt[i]) || prompt[i]! < 0 || prompt[i]! >= this.vocabulary)
          throw new RangeError(
            `languageSteps: prompts[${s}][${i}] is ${describe(prompt[i])}, expected a symbol from 0 to ${this.vocabulary - 1}`,
          );
    });
  }
}

const modelKind: RequiredKind = having(
  "a sequence layer that reads symbols and gives logits, such as languageModel({ vocabulary, features, hidden })",
  "stream",
);
const promptsKind: RequiredKind = kind(
  "a list of lists of symbols",
  (supplied) => list.accepts(supplied) && (supplied as unknown[]).every(numbers.accepts),
);
const kinds: KindsOf<LanguageStepsOptions> = {
  sets: streamKinds.sets,
  inputs: streamKinds.inputs,
  sequences: optional(size),
  prompts: optional(promptsKind),
};

/** One row of a value, copied. */
function rowOf(value: Tensor, row: number): TypedArray {
  const width = value.size / value.shape[0]!;
  return onCpu(value)
    .toArray()
    .slice(row * width, (row + 1) * width);
}
