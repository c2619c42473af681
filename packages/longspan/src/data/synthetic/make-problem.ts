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
  /** The answer, or one per step. */
  readonly targets: readonly number[];
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
    sample(key: Key, batch: number, count: number): SyntheticBatch {
      check(`${name}.sample`, "key", key, keyKind);
      check(`${name}.sample`, "batch", batch, countKind);
      check(`${name}.sample`, "count", count, size);
      const [forBatch, forSequences] = key.fold(batch).split(2) as [Key, Key];
      const ofBatch = new RandomNumbers(forBatch);
      const length = shortest + ofBatch.below(longest - shortest + 1);
      const steps = generator.stepsOf?.(length, ofBatch) ?? length;
      const drawn = Array.from({ length: count }, (_, i) =>
        generator.draw(new RandomNumbers(forSequences.fold(i)), steps, length),
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
      const { structure } = batch;
      let wrong = 0;
      for (let b = 0; b < structure.sequences; b++) {
        const indices = scored === "every step" ? structure.rowsOf(b) : [b];
        if (!generator.right({ outputs, batch, indices })) wrong += 1;
      }
      return wrong;
    },
  };
}

/** The sequences' steps in the rows of a structure. */
function packed(
  drawn: readonly Drawn[],
  { input, answer, scored }: Generator,
  structureOf: (lengths: readonly number[]) => Structure,
): SyntheticBatch {
  const structure = structureOf(drawn.map(({ x }) => x.length / input));
  const x = new Float32Array(structure.nodes * input);
  const everyStep = scored === "every step";
  const last = new Int32Array(everyStep ? 0 : drawn.length);
  const amount = everyStep ? structure.nodes : drawn.length;
  const targets = answer === "class" ? new Int32Array(amount) : new Float32Array(amount);
  const { sequenceOf, positions } = structure.parts;
  for (let row = 0; row < structure.nodes; row++) {
    const b = sequenceOf[row]!;
    const t = positions[row]!;
    const from = drawn[b]!;
    // By hand: for few features, a call of `set` costs more than the copy.
    const [to, start] = [row * input, t * input];
    for (let i = 0; i < input; i++) x[to + i] = from.x[start + i]!;
    if (everyStep) targets[row] = from.targets[t]!;
    else last[b] = row;
  }
  if (!everyStep) for (const [b, { targets: own }] of drawn.entries()) targets[b] = own[0]!;
  return { x, structure, scored: everyStep ? structure.parts.order.map((_, row) => row) : last, targets };
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
