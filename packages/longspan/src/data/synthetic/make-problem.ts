import {
  check,
  count as countKind,
  isRecord,
  kind,
  numbers,
  type RequiredKind,
  size,
} from "../../check/index.js";
import { type Key, RandomNumbers } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";
import { chain, type Structure } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";
import type { Lengths, SyntheticBatch, SyntheticProblem, SyntheticProblemFacts } from "./problem.js";

/** A sequence as its problem makes it. */
export interface Drawn {
  /** [steps, input] */
  readonly x: Float32Array;
  /** The answers of the scored steps, first step first: a class or a number each, or its bits. */
  readonly targets: ArrayLike<number>;
  /** The scored steps, ascending, where the problem scores some. */
  readonly scored?: readonly number[];
}

/** Where the outputs and answers of one sequence lie. */
export interface ScoredSequence {
  readonly outputs: ArrayLike<number>;
  readonly batch: SyntheticBatch;
  /** Positions among the scored rows, first step first. */
  readonly indices: readonly number[];
}

/** What makes a problem, besides what is fixed about it. */
export interface Generator extends SyntheticProblemFacts {
  /** What the user chose: L. Absent where the problem itself makes sequences of all lengths. */
  readonly lengths?: Lengths;
  /** The steps of all sequences of a batch, where they are not L. */
  stepsOf?(length: number, draws: RandomNumbers): number;
  /** One sequence. @param length L */
  draw(draws: RandomNumbers, steps: number, length: number): Drawn;
  /** Whether a sequence is answered rightly. */
  right(sequence: ScoredSequence): boolean;
}

/** The problem of a generator. */
export function makeProblem(generator: Generator): SyntheticProblem {
  const { name, input, output, answer, scored, steps, baseline, lengths = 0 } = generator;
  const [shortest, longest] = typeof lengths === "number" ? [lengths, lengths] : lengths;
  const structureOf = equalChains();
  return {
    name,
    input,
    output,
    answer,
    scored,
    steps,
    baseline,
    sample(key: Key, batch: number, count: number, first = 0): SyntheticBatch {
      check(`${name}.sample`, "key", key, keyKind);
      check(`${name}.sample`, "batch", batch, countKind);
      check(`${name}.sample`, "count", count, size);
      check(`${name}.sample`, "first", first, countKind);
      const [forBatch, forSequences] = key.fold(batch).split(2) as [Key, Key];
      const ofBatch = new RandomNumbers(forBatch);
      const length = shortest + ofBatch.below(longest - shortest + 1);
      const steps = generator.stepsOf?.(length, ofBatch) ?? length;
      const drawn = Array.from({ length: count }, (_, i) =>
        generator.draw(new RandomNumbers(forSequences.fold(first + i)), steps, length),
      );
      return packed(drawn, generator, structureOf);
    },
    wrong(outputs, batch) {
      check(`${name}.wrong`, "outputs", outputs, numbers);
      check(`${name}.wrong`, "batch", batch, batchKind);
      const expected = batch.scored.length * output;
      if (outputs.length !== expected)
        throw new RangeError(
          `${name}.wrong: outputs has ${outputs.length} numbers for ${batch.scored.length} scored rows of ${output}, which are ${expected}`,
        );
      return scoredOf(batch).filter((indices) => !generator.right({ outputs, batch, indices })).length;
    },
  };
}

/** The positions among the scored rows of a batch of each sequence's, first step first. */
export function scoredOf({ structure, scored }: SyntheticBatch): readonly (readonly number[])[] {
  const of: number[][] = Array.from({ length: structure.sequences }, () => []);
  // Rows of a chain are in the order of its steps.
  for (const [i, row] of scored.entries()) of[structure.parts.sequenceOf[row]!]!.push(i);
  return of;
}

/** The sequences' steps in the rows of a structure. */
function packed(
  drawn: readonly Drawn[],
  generator: Generator,
  structureOf: (lengths: readonly number[]) => Structure,
): SyntheticBatch {
  const { input, output, answer } = generator;
  const structure = structureOf(drawn.map(({ x }) => x.length / input));
  const x = new Float32Array(structure.nodes * input);
  const { sequenceOf, positions } = structure.parts;
  for (let row = 0; row < structure.nodes; row++) {
    const from = drawn[sequenceOf[row]!]!;
    // By hand: for few features, a call of `set` costs more than the copy.
    const [to, start] = [row * input, positions[row]! * input];
    for (let i = 0; i < input; i++) x[to + i] = from.x[start + i]!;
  }
  const scored = scoredRows(drawn, generator, structure);
  const size = answer === "bits" ? output : 1;
  const amount = scored.length * size;
  const targets = answer === "class" ? new Int32Array(amount) : new Float32Array(amount);
  // Which of its sequence's answers comes next.
  const next = new Int32Array(drawn.length);
  for (let i = 0; i < scored.length; i++) {
    const b = sequenceOf[scored[i]!]!;
    const from = drawn[b]!.targets;
    const start = size * next[b]!++;
    for (let j = 0; j < size; j++) targets[i * size + j] = from[start + j]!;
  }
  return { x, structure, scored, targets };
}

/** The rows where answers are asked for, in the order in which batches have them. */
function scoredRows(drawn: readonly Drawn[], { scored }: Generator, { nodes, parts }: Structure): Int32Array {
  const { sequenceOf, positions } = parts;
  if (scored === "every step") return Int32Array.from({ length: nodes }, (_, row) => row);
  if (scored === "the last step") {
    const last = new Int32Array(drawn.length);
    for (let row = 0; row < nodes; row++) last[sequenceOf[row]!] = row;
    return last;
  }
  const rows: number[] = [];
  const next = new Int32Array(drawn.length);
  for (let row = 0; row < nodes; row++) {
    const b = sequenceOf[row]!;
    if (drawn[b]!.scored![next[b]!] !== positions[row]) continue;
    rows.push(row);
    next[b]! += 1;
  }
  return Int32Array.from(rows);
}

/** At most so many structures are kept: a range of lengths may be long, and each holds an entry per node. */
const kept = 256;

/** Chains, shared among batches whose sequences are all of one length: programs and schedules are kept per structure. */
function equalChains(): (lengths: readonly number[]) => Structure {
  const structures = new Map<string, Structure>();
  return (lengths) => {
    const [first] = lengths;
    if (lengths.some((n) => n !== first)) return chain(lengths);
    const name = `${lengths.length} of ${first}`;
    const structure = structures.get(name) ?? chain(lengths);
    if (structures.size === kept && !structures.has(name)) structures.clear();
    structures.set(name, structure);
    return structure;
  };
}

/** Whether the largest output of every place is that of its class. */
export function rightClasses({ outputs, batch: { targets, scored }, indices }: ScoredSequence): boolean {
  const classes = outputs.length / scored.length;
  return indices.every((index) => largest(outputs, index * classes, classes) === targets[index]);
}

/** Whether all bits of all answers are right: the logit of each 1 above 0, and of each 0 at most 0. */
export function rightBits({ outputs, batch: { targets, scored }, indices }: ScoredSequence): boolean {
  const bits = outputs.length / scored.length;
  for (const index of indices)
    for (let i = index * bits; i < (index + 1) * bits; i++) {
      // Written so that an output that is not a number is wrong.
      if (!(targets[i] === 1 ? outputs[i]! > 0 : outputs[i]! <= 0)) return false;
    }
  return true;
}

/** Whether each output differs from its answer by at most `tolerance`. */
export function withinTolerance(tolerance: number): (sequence: ScoredSequence) => boolean {
  return ({ outputs, batch: { targets }, indices }) =>
    // Written so that an output that is not a number is wrong.
    indices.every((index) => Math.abs(outputs[index]! - targets[index]!) <= tolerance);
}

/** The place of the largest of some outputs; -1 if one of them is not a number. */
function largest(outputs: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let c = 0; c < count; c++) {
    const value = outputs[from + c]!;
    if (Number.isNaN(value)) return -1;
    if (value > outputs[from + best]!) best = c;
  }
  return best;
}

/** Rows of one-hot inputs. */
export function oneHot(symbols: readonly number[], size: number): Float32Array {
  const x = new Float32Array(symbols.length * size);
  for (let t = 0; t < symbols.length; t++) x[t * size + symbols[t]!] = 1;
  return x;
}

/** The mean over a problem's lengths of what each gives, such as a baseline. */
export function meanOver(lengths: Lengths, f: (length: number) => number): number {
  const [from, to] = typeof lengths === "number" ? [lengths, lengths] : lengths;
  let total = 0;
  for (let length = from; length <= to; length++) total += f(length);
  return total / (to - from + 1);
}

/** The longest of some lengths. */
export function longestOf(lengths: Lengths): number {
  return typeof lengths === "number" ? lengths : lengths[1];
}

const batchKind = kind(
  "a batch, such as sample gives",
  (value) =>
    isRecord(value) &&
    numbers.accepts(value.scored) &&
    numbers.accepts(value.targets) &&
    structureKind.accepts(value.structure),
);

/** One length, or the shortest and the longest. @param least the fewest steps; `why` there are no fewer */
export function lengthsFrom(least: number, why: string): RequiredKind {
  const right = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= least;
  const words = `an integer of at least ${least}, or the shortest and the longest of such lengths: ${why}`;
  return kind(words, (value) =>
    Array.isArray(value)
      ? value.length === 2 && right(value[0]) && right(value[1]) && value[0] <= value[1]
      : right(value),
  );
}
