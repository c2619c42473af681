import { check, integerIn, numbers, size } from "../../check/index.js";

/** How well one class is found. */
export interface ClassScores {
  /** Of those that were said to be of the class, how many are; 0 where none were. */
  readonly precision: number;
  /** Of those of the class, how many were found; 0 where there are none. */
  readonly recall: number;
  /** Harmonic mean of the two; 0 where both are 0. */
  readonly f1: number;
  /** Examples of the class. */
  readonly examples: number;
}

/** How well classes are told from each other. */
export interface ClassificationScores {
  /** Share of right answers. */
  readonly accuracy: number;
  /** Mean of f1 over the classes that occur, among the examples or the answers: each class counts the same. */
  readonly macroF1: number;
  readonly perClass: readonly ClassScores[];
  /** confusion[right][answered]: how many. */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * Accuracy, precision, recall and F1 of answers that are classes.
 *
 * @param right the class of each example @param answered what was answered @param classes how many there are
 * @throws RangeError for a class outside of 0 to classes - 1, or if there are not as many answers as examples
 * @example
 * const { accuracy, macroF1, confusion } = classificationScores([0, 0, 1, 1], [0, 1, 1, 1], 2);
 * accuracy; // 0.75
 * macroF1; // (2/3 + 4/5) / 2
 * confusion; // [[1, 1], [0, 2]]
 */
export function classificationScores(
  right: ArrayLike<number>,
  answered: ArrayLike<number>,
  classes: number,
): ClassificationScores {
  check("classificationScores", "right", right, numbers);
  check("classificationScores", "answered", answered, numbers);
  check("classificationScores", "classes", classes, size);
  if (right.length !== answered.length)
    throw new RangeError(
      `classificationScores: there are ${right.length} examples in right and ${answered.length} in answered; give an answer to each`,
    );
  const known = integerIn(0, classes - 1);
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < right.length; i++) {
    check("classificationScores", `right[${i}]`, right[i], known);
    check("classificationScores", `answered[${i}]`, answered[i], known);
    confusion[right[i]!]![answered[i]!]! += 1;
  }
  const perClass = confusion.map((row, c) => {
    const found = row[c]!;
    const examples = row.reduce((a, b) => a + b, 0);
    const said = confusion.reduce((total, other) => total + other[c]!, 0);
    const [precision, recall] = [ratio(found, said), ratio(found, examples)];
    return { precision, recall, f1: ratio(2 * found, said + examples), examples, said };
  });
  const occurring = perClass.filter(({ examples, said }) => examples + said > 0);
  const hits = confusion.reduce((total, row, c) => total + row[c]!, 0);
  return {
    accuracy: ratio(hits, right.length),
    macroF1: ratio(
      occurring.reduce((total, { f1 }) => total + f1, 0),
      occurring.length,
    ),
    perClass: perClass.map(({ said: _, ...scores }) => scores),
    confusion,
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
