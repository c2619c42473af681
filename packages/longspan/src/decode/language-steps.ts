import {
  check,
  checkSettings,
  describe,
  having,
  kind,
  list,
  numbers,
  optional,
  type RequiredKind,
  size,
} from "../check/index.js";
import type { SequenceLayer } from "../nn/index.js";
import {
  fromArray,
  onCpu,
  scope,
  type Tensor,
  type Traceable,
  type TypedArray,
  type Value,
} from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { chain, type Structure } from "../unfold/index.js";
import { capturedStep } from "./captured-step.js";
import { logSoftmaxInto, logSoftmaxOf } from "./log-softmax.js";
import { disposeState, rowsOfState } from "./state-rows.js";
import type { Said, StepModel } from "./step-model.js";

/** A sequence layer from symbols to the logits of the next one, such as `languageModel` makes. */
export interface SymbolModel<P, S> extends Pick<SequenceLayer<P, S>, "apply"> {
  /** Logits of the first symbol, [vocabulary]; a model without them needs prompts. */
  first?(params: Traceable<P>): Value;
}

/** Which sequences are asked about. */
export interface LanguageStepsOptions {
  /** How many, each beginning with nothing; 1 unless given, or as many as there are prompts. */
  readonly sequences?: number;
  /** What each sequence begins with; it is read, and is no part of what is decoded. Prompts may be empty where the model has a `first`. */
  readonly prompts?: readonly ArrayLike<number>[];
}

/**
 * A language model as a step model. All rows of a step go through the model in one call, which is captured: a step of the same number of
 * rows is one call into the executor.
 *
 * @param model from symbols int32 [nodes] to logits [nodes, vocabulary]
 * @param params are not changed
 * @throws RangeError for a prompt with a symbol that is none, or an empty one where the model has no `first`
 * @example
 * const model = languageModel({ vocabulary: 5, features: 4, hidden: 8 });
 * const steps = languageSteps(model, model.init(Key.of(1)), { prompts: [[0, 1], [3]] });
 * steps.start().logProbabilities.length // 10: two rows of five
 */
export function languageSteps<P, S>(
  model: SymbolModel<P, S>,
  params: P,
  options?: LanguageStepsOptions,
): StepModel<S> {
  check("languageSteps", "model", model, modelKind);
  check("languageSteps", "params", params, treeKind);
  const settled = checkSettings("languageSteps", options, {
    sequences: optional(size),
    prompts: optional(promptsKind),
  });
  const prompts = settled.prompts ?? Array.from({ length: settled.sequences ?? 1 }, () => []);
  if (settled.sequences !== undefined && settled.sequences !== prompts.length)
    throw new RangeError(
      `languageSteps: sequences is ${settled.sequences}, and there are ${prompts.length} prompts; one of the two is enough`,
    );
  const { vocabulary, first } = checkPrompts(model, params, prompts);
  const single = new Map<number, Structure>();
  const oneEach = (rows: number) => {
    const known = single.get(rows) ?? chain(new Array<number>(rows).fill(1));
    single.set(rows, known);
    return known;
  };
  // Structures are made outside, so that a captured call finds the same one again.
  const go = capturedStep(
    model,
    (p: P, state: S, symbols: Int32Array, structure: Structure) =>
      model.apply(p as Traceable<P>, fromArray(symbols, [symbols.length], "int32"), structure, {
        initial: state as never,
      }) as { output: Value; final: S },
  );
  return {
    vocabulary,
    sequences: prompts.length,
    start() {
      const lengths = prompts.map((prompt) => prompt.length);
      const structure = chain(lengths);
      const last = Int32Array.from(lengths.flatMap((n, s) => (n === 0 ? [] : structure.rowsOf(s).at(-1)!)));
      const order = structure.parts.order;
      const laid = prompts.flatMap((prompt) => Array.from(prompt));
      const x = fromArray(
        Int32Array.from(order, (at) => laid[at]!),
        [laid.length],
        "int32",
      );
      const { output, final } = model.apply(params as Traceable<P>, x, structure, { rows: last });
      const read = onCpu(output).toArray();
      let row = 0;
      const logits = lengths.map((n) =>
        n === 0 ? first! : read.subarray(row * vocabulary, ++row * vocabulary),
      );
      const logProbabilities = new Float64Array(lengths.length * vocabulary);
      for (const [s, of] of logits.entries())
        logSoftmaxInto("languageSteps", logProbabilities.subarray(s * vocabulary, (s + 1) * vocabulary), of);
      return { logProbabilities, state: final };
    },
    step(state, symbols): Said<S> {
      const { output, final } = go(params, state, symbols, oneEach(symbols.length));
      const logits = onCpu(output).toArray();
      (output as Tensor).dispose();
      return { logProbabilities: logSoftmaxOf("languageSteps", logits, vocabulary), state: final };
    },
    select: rowsOfState,
    release: disposeState,
  };
}

const modelKind: RequiredKind = having(
  "a sequence layer that reads symbols and gives logits, such as languageModel({ vocabulary, features, hidden })",
  "apply",
);
const promptsKind: RequiredKind = kind(
  "a list of lists of symbols",
  (given) => list.accepts(given) && (given as unknown[]).every(numbers.accepts),
);

/** @returns the number of symbols, and the logits of a first one where some prompt is empty */
function checkPrompts<P, S>(
  model: SymbolModel<P, S>,
  params: P,
  prompts: readonly ArrayLike<number>[],
): { vocabulary: number; first: TypedArray | null } {
  if (prompts.length === 0)
    throw new RangeError("languageSteps: prompts is an empty list; give one per sequence");
  const empty = prompts.findIndex((prompt) => prompt.length === 0);
  if (empty >= 0 && model.first === undefined)
    throw new RangeError(
      `languageSteps: prompts[${empty}] is empty, and the model has no logits for a first symbol; give each sequence a symbol to begin with`,
    );
  const first = empty < 0 ? null : onCpu(model.first!(params as Traceable<P>)).toArray();
  const vocabulary = first?.length ?? vocabularyOf(model, params);
  prompts.forEach((prompt, s) => {
    for (let i = 0; i < prompt.length; i++)
      if (!Number.isInteger(prompt[i]) || prompt[i]! < 0 || prompt[i]! >= vocabulary)
        throw new RangeError(
          `languageSteps: prompts[${s}][${i}] is ${describe(prompt[i])}, expected a symbol from 0 to ${vocabulary - 1}`,
        );
  });
  return { vocabulary, first };
}

/** The number of symbols, from the logits after one. */
function vocabularyOf<P, S>(model: SymbolModel<P, S>, params: P): number {
  const x = fromArray([0], [1], "int32");
  return scope(() => model.apply(params as Traceable<P>, x, chain([1])).output.shape.at(-1)!);
}
