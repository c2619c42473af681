import {
  type OpenedClassifyRun,
  type OpenedPairsRun,
  type OpenedRun,
  type OpenedRuns,
  type OpenedSeriesRun,
  type OpenedSyntheticRun,
  type OpenedTagRun,
  type OpenedTextRun,
  type RunKindName,
  storedVocabulary,
  type Value,
  zeros,
} from "longspan";
import { check, checkSettings, flag, isRecord, type KindsOf, kind, optional } from "longspan/engine";
import { OnnxError } from "./error.js";
import { inputOf, named, paramsIn, recording, toOnnx } from "./to-onnx.js";
import type { ChainInput, ModelInput } from "./write/record.js";
import { type ModelText, writeModel } from "./write/write-model.js";

/** How a run is written as ONNX. */
export interface RunToOnnxOptions {
  /** Whether files have an input `lengths`, for batches of sequences of several lengths; true by default. */
  readonly lengths?: boolean;
  /** Whether states are inputs and outputs, so that a sequence goes on in another call; true by default for runs on texts, false for others. Where a run reads to the end before it answers, there are none. */
  readonly states?: boolean;
}

/** The files of a run by name, without their ending: `model`, or `encoder` and `decoder`. */
export type OnnxFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/**
 * A trained run as ONNX files, as `longspan export RUN --to onnx` writes them. Inputs and outputs are those of `toOnnx`, with these:
 *
 * - text: `x` symbols, int32 [time, batch]; `y` logits, [time, batch, symbols].
 * - classify: `x` symbols or rows of numbers; `y` logits of the classes, [batch, classes].
 * - tag: `words` and, if characters are read, `word`, int32 [time, batch]: which of the different words each token is; those are spelt in
 *   `characters`, int32 [letters, words], of `word_lengths`, int32 [words].
 * - series: `x` as `forecastInputs` counts it; `y` what the setup's output is made of.
 * - synthetic: `x` and `y` as the problem has them.
 * - pairs: `encoder` reads the source `x` and gives `members`, if it attends, `context`, if every step reads it, and the decoder's first
 *   states `first.SLOT`. `decoder` takes these, with `lengths` of the source, the symbols before as `x`, int32 [steps, batch], and its states
 *   as `initial.SLOT`; it gives `y`, the logits of the next symbols, and `final.SLOT`.
 *
 * The entry `longspan.kind` of a file's metadata names the kind, `longspan.vocabulary` holds the vocabulary, or what a run knows of its data
 * otherwise, as JSON.
 *
 * @param run what `decodeRun` or `openRun` gives
 * @throws OnnxError for runs on trees, and for cells that have no form in ONNX
 * @example
 * const settings = { cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 };
 * const vocabulary = wordVocabulary("to be or not to be");
 * const params = textRunModel(settings, vocabulary.size).init(Key.of(1));
 * const run = openModel(await saveModel({ config: { task: "text", settings }, vocabulary, params }), "text");
 * Object.keys(runToOnnx(run)) // [ "model" ]
 */
export function runToOnnx(run: OpenedRun, options?: RunToOnnxOptions): OnnxFiles {
  check(what, "run", run, runKind);
  const settings = checkSettings(what, options, kinds);
  const write = (writers as Readonly<Record<string, Writer<RunKindName> | undefined>>)[run.kind];
  if (write) return write(run as never, settings);
  throw new OnnxError(what, {
    where: "run",
    found: `it is of the kind ${run.kind}`,
    remedy: `runs of these kinds can be written: ${Object.keys(writers).join(", ")}`,
  });
}

const what = "runToOnnx";

type Writer<K extends RunKindName> = (run: OpenedRuns[K], options: RunToOnnxOptions) => OnnxFiles;

/** A kind of run is a line here. */
const writers: { readonly [K in RunKindName]: Writer<K> } = {
  text: (run: OpenedTextRun, options) => ({
    model: toOnnx(run.model, run.params, {
      states: true,
      ...options,
      metadata: entriesOf(run, storedVocabulary(run.vocabulary)),
    }),
  }),
  synthetic: (run: OpenedSyntheticRun, options) => ({
    model: toOnnx(run.model, run.params, { ...options, metadata: entriesOf(run, null) }),
  }),
  series: (run: OpenedSeriesRun, options) => ({
    model: toOnnx(run.model, run.params, { ...options, metadata: entriesOf(run, run.setup) }),
  }),
  classify: classifier,
  tag: tagger,
  pairs: encoderAndDecoder,
  trees: () => {
    throw new OnnxError(what, {
      where: "run",
      found: "its cell runs over trees",
      remedy: "no operator of ONNX runs over trees; use the run with longspan serve, or in a page",
    });
  },
};

function classifier(run: OpenedClassifyRun, options: RunToOnnxOptions): OnnxFiles {
  const steps = stepsOf(options);
  const { input } = run.model;
  const spec = input === null ? { shape: [], dtype: "int32" as const } : [input];
  const model = recorded(run, run.encoding, (recorder) => {
    const params = paramsIn(recorder, run.params);
    const structure = recorder.chain(steps);
    const x = recorder.input(inputOf("x", steps, spec));
    return [{ name: "y", over: "batch", value: run.model.apply(params as never, x, structure) }];
  });
  return { model };
}

function tagger(run: OpenedTagRun, options: RunToOnnxOptions): OnnxFiles {
  const tokens = stepsOf(options);
  const letters: ChainInput = { time: "letters", batch: "words", lengths: "word_lengths" };
  const symbols = (name: string, over: ChainInput): ModelInput => ({ name, over, shape: [], dtype: "int32" });
  const model = recorded(run, run.encoding, (recorder) => {
    const params = paramsIn(recorder, run.params);
    const structure = recorder.chain(tokens);
    const words = recorder.asNumbers(symbols("words", tokens));
    const different = run.model.readsCharacters
      ? {
          structure: recorder.chain(letters),
          characters: recorder.asNumbers(symbols("characters", letters)),
          of: recorder.asNumbers(symbols("word", tokens)),
        }
      : null;
    return [{ name: "y", over: tokens, value: run.model.apply(params, { words, structure, different }) }];
  });
  return { model };
}

function encoderAndDecoder(run: OpenedPairsRun, options: RunToOnnxOptions): OnnxFiles {
  const { net } = run.model;
  const source = stepsOf(options);
  const target: ChainInput = { time: "steps", batch: "batch", lengths: null };
  const symbols = { shape: [], dtype: "int32" as const };
  const slots = Object.entries(net.state);
  let members: Value | null = null;
  let context: Value | null = null;
  const encoder = recorded(run, run.vocabulary, (recorder) => {
    const params = paramsIn(recorder, run.params);
    const structure = recorder.chain(source);
    const read = net.encode(params, { x: recorder.input(inputOf("x", source, symbols)), structure });
    ({ members, context } = read);
    return [
      ...(members ? [{ name: "members", over: source, value: members }] : []),
      ...(context ? [{ name: "context", over: "batch" as const, value: context }] : []),
      ...slots.map(([slot, shape]) => ({
        name: `first.${slot}`,
        over: "batch" as const,
        value: read.first[slot] ?? zeros([structure.sequences, ...shape]),
      })),
    ];
  });
  const [memberRow, contextRow] = [members, context].map((v: Value | null) => v?.shape.slice(1) ?? null);
  const decoder = recorded(run, run.vocabulary, (recorder) => {
    const params = paramsIn(recorder, run.params);
    const over = recorder.chain(target);
    const structure = memberRow ? recorder.chain(source) : over;
    const x = recorder.input(inputOf("x", target, symbols));
    const perSequence = (name: string, shape: readonly number[]) =>
      recorder.input({ name, over: "batch", shape, dtype: "float32" });
    const read = {
      structure,
      members: memberRow ? recorder.input(inputOf("members", source, memberRow)) : null,
      context: contextRow ? perSequence("context", contextRow) : null,
      first: {},
    };
    const initial = Object.fromEntries(
      slots.map(([slot, shape]) => [slot, perSequence(`initial.${slot}`, shape)]),
    );
    const { output, final } = net.decode(params, read, { x, structure: over }, { initial });
    return [
      { name: "y", over: target, value: output },
      ...Object.entries(final).map(([slot, value]) => ({
        name: `final.${slot}`,
        over: "batch" as const,
        value,
      })),
    ];
  });
  return { encoder, decoder };
}

function stepsOf({ lengths = true }: RunToOnnxOptions): ChainInput {
  return { time: "time", batch: "batch", lengths: lengths ? "lengths" : null };
}

function recorded(run: OpenedRun, known: unknown, model: Parameters<typeof writeModel>[1]) {
  const text: ModelText = {
    what,
    name: `longspan ${run.kind}`,
    doc: "Written by Longspan",
    metadata: entriesOf(run, known),
    params: named(run.params),
  };
  return recording(what, () => writeModel(text, model));
}

/** What a file keeps of a run besides its model. */
function entriesOf(run: OpenedRun, known: unknown): Record<string, string> {
  return {
    "longspan.kind": run.kind,
    ...(known === null ? {} : { "longspan.vocabulary": JSON.stringify(known) }),
  };
}

const runKind = kind(
  "a run that was opened, by openRun or decodeRun",
  (value) => isRecord(value) && typeof value.kind === "string" && isRecord(value.params),
);
const kinds: KindsOf<RunToOnnxOptions> = { lengths: optional(flag), states: optional(flag) };
