import {
  balancedWeights,
  type ClassifiedSequence,
  type ClassifyEncoding,
  type EncodedSequence,
  heldOutPart,
  numbersEncoding,
  type SequenceEncoding,
  scaledNumbers,
  textEncoder,
  textEncoding,
} from "longspan";
import type { ReadExamples, ReadRequest } from "../../example-jobs/index.js";
import { Failure } from "../../failure.js";
import { counted, type RunLine, whole } from "../../run-lines.js";
import type { RawSequence } from "./raw-sequence.js";
import { sequencesIn } from "./sequences.js";
import type { ClassifySettings } from "./settings.js";

/** Reads sequences and their classes, and puts them into numbers. */
export async function readClassified({
  path,
  settings,
  encoding: known,
  whole: all,
  key,
}: ReadRequest<ClassifySettings, ClassifyEncoding>): Promise<
  ReadExamples<ClassifiedSequence, ClassifyEncoding>
> {
  const { input, label, id, weight, valid, balance } = settings;
  const raw: RawSequence[] = [];
  // Weights are of learning: other data need not have them.
  const columns = { input, label, id, weight: all ? null : weight, ignored: [label, id, weight] };
  for await (const sequence of sequencesIn(path, columns)) {
    checkLike(sequence, raw[0], known);
    raw.push(sequence);
  }
  if (raw.length === 0) throw new Failure(`${path} holds no sequence`);
  const labels = known?.labels ?? labelsOf(raw);
  if (labels.length < 2)
    throw new Failure(
      `${path}: all sequences have the label ${JSON.stringify(labels[0])}; there is nothing to tell apart`,
    );
  const numbers = new Map(labels.map((name, i) => [name, i]));
  const classes = raw.map((sequence) => classOf(sequence, numbers));
  const everything = { train: new Int32Array(0), valid: Int32Array.from(raw.keys()) };
  const parts = all ? everything : heldOutPart(raw.length, { share: valid, key, strata: classes });
  const own =
    known?.input ??
    encodingOf(
      Array.from(parts.train, (i) => raw[i]!),
      settings,
    );
  const encode = encoder(own);
  const examples = (part: Int32Array) =>
    Array.from(part, (i) => ({ ...encode(raw[i]!.content), label: classes[i]! }));
  return {
    encoding: { labels, input: own },
    train: examples(parts.train),
    valid: examples(parts.valid),
    weights: all ? null : weightsOf(raw, classes, parts.train, weight !== null, balance),
    summary: summaryOf(raw, labels, classes, own),
  };
}

/** @throws Failure if a sequence is of another kind than the first, or than what the run learned from */
function checkLike(
  sequence: RawSequence,
  first: RawSequence | undefined,
  known: ClassifyEncoding | null,
): void {
  const kindOf = (content: RawSequence["content"]) => (typeof content === "string" ? "text" : "numbers");
  const kind = kindOf(sequence.content);
  const expected = known?.input.kind ?? (first ? kindOf(first.content) : kind);
  if (kind !== expected)
    throw sequence.fault(
      `this is ${kind === "text" ? "a text" : "a list of numbers"}, expected ${expected === "text" ? "a text" : "a list of numbers"}, as in what came before`,
    );
  const width =
    known?.input.kind === "numbers"
      ? known.input.columns.length
      : (first?.columns.length ?? sequence.columns.length);
  if (kind === "numbers" && sequence.columns.length !== width)
    throw sequence.fault(`${counted(sequence.columns.length, "feature")} per step, expected ${width}`);
}

/** Names of classes; those that are all numbers in the order of these. */
function labelsOf(raw: readonly RawSequence[]): string[] {
  const names = [...new Set(raw.map(({ label }) => label!))];
  const numeric = names.every((name) => name.trim() !== "" && Number.isFinite(Number(name)));
  return numeric ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}

function classOf(sequence: RawSequence, numbers: ReadonlyMap<string, number>): number {
  const found = numbers.get(sequence.label!);
  if (found !== undefined) return found;
  throw sequence.fault(
    `the label ${JSON.stringify(sequence.label)} was not seen in training; the labels are ${[...numbers.keys()].join(", ")}`,
  );
}

function encodingOf(
  train: readonly RawSequence[],
  { level, vocabulary }: ClassifySettings,
): SequenceEncoding {
  const [{ content, columns, column, steps }] = train as [RawSequence];
  return typeof content === "string"
    ? textEncoding(
        train.map((one) => one.content as string),
        { level, column: column ?? "text", most: vocabulary },
      )
    : numbersEncoding(
        train.map((one) => one.content as Float64Array),
        { columns, column, ...(steps ? { steps } : {}) },
      );
}

/** Puts what was read into numbers. */
export function encoder(encoding: SequenceEncoding): (content: string | Float64Array) => EncodedSequence {
  if (encoding.kind === "numbers") return (content) => scaledNumbers(content as Float64Array, encoding);
  const encode = textEncoder(encoding);
  return (content) => encode(content as string);
}

function weightsOf(
  raw: readonly RawSequence[],
  classes: readonly number[],
  train: Int32Array,
  weighted: boolean,
  balance: boolean,
): Float64Array | null {
  if (!weighted && !balance) return null;
  const balanced = balance ? balancedWeights(Int32Array.from(train, (i) => classes[i]!)) : null;
  return Float64Array.from(train, (i, k) => raw[i]!.weight * (balanced?.[k] ?? 1));
}

/** What was read, in words. */
function summaryOf(
  raw: readonly RawSequence[],
  labels: readonly string[],
  classes: readonly number[],
  encoding: SequenceEncoding,
): RunLine[] {
  const counts = labels.map((_, c) => classes.reduce((n, other) => n + (other === c ? 1 : 0), 0));
  const shown = labels.slice(0, 12).map((name, c) => `${name} ${whole(counts[c]!)}`);
  const more = labels.length > shown.length ? `, and ${labels.length - shown.length} more` : "";
  const lines: RunLine[] = [["classes", `${shown.join(", ")}${more}`]];
  if (encoding.kind === "text") {
    const empty = raw.filter(({ content }) => content === "").length;
    if (empty > 0) lines.push(["missing", `${counted(empty, "text")} without a character, kept as they are`]);
    return lines;
  }
  const values = raw.map(({ content }) => content as Float64Array);
  const missing = values.reduce((n, list) => n + list.reduce((m, v) => m + (Number.isNaN(v) ? 1 : 0), 0), 0);
  const width = encoding.columns.length;
  const steps = values.map((list) => list.length / width);
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  lines.push([
    "steps",
    `${least === most ? whole(most) : `${whole(least)} to ${whole(most)}`}, ${counted(width, "number")} each`,
  ]);
  if (missing > 0) lines.push(["missing", `${counted(missing, "number")}, read as the mean of their column`]);
  return lines;
}
