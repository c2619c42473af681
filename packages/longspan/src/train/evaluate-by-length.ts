import { check, checkSettings, func, listOf, record, size } from "../check/index.js";

/** The lengths of the sequences of training, from the shortest to the longest. */
export interface SeenLengths {
  readonly least: number;
  readonly most: number;
}

/** What sequences of one length show. */
export type AtLength<F> = F & {
  readonly length: number;
  /** Whether training had sequences of that length. */
  readonly seen: boolean;
};

/** At which lengths a model is evaluated. */
export interface LengthsOptions {
  /** In any order; each is looked at once. */
  readonly lengths: readonly number[];
  /** What training had. */
  readonly seen: SeenLengths;
}

/**
 * What a model does at several lengths, those that training had and those that it had not beside each other, from the shortest to the
 * longest.
 *
 * @param evaluate what sequences of a length show; null if the evaluation was broken off
 * @returns null if an evaluation was broken off
 * @throws RangeError for a length that is not a positive whole number
 * @example
 * const model = pascanuRnn({ input: 6, output: 4 });
 * const params = model.init(Key.of(2));
 * const found = await evaluateByLength({ lengths: [40, 20], seen: { least: 10, most: 20 } }, async (length) => {
 *   const problem = temporalOrder({ length });
 *   const { wrong } = await evaluateSynthetic(model, params, problem, { key: Key.of(1), sequences: 50 });
 *   return { wrong };
 * });
 * found?.map(({ length, seen }) => [length, seen]); // [ [ 20, true ], [ 40, false ] ]
 */
export async function evaluateByLength<F extends object>(
  options: LengthsOptions,
  evaluate: (length: number) => Promise<F | null>,
): Promise<readonly AtLength<F>[] | null> {
  const { lengths, seen } = checkSettings("evaluateByLength", options, {
    lengths: listOf(size, "a list of lengths"),
    seen: record,
  });
  const { least, most } = checkSettings("evaluateByLength: seen", seen, { least: size, most: size });
  if (least > most)
    throw new RangeError(
      `evaluateByLength: seen.least is ${least} and seen.most ${most}; the shortest length of training comes first`,
    );
  check("evaluateByLength", "evaluate", evaluate, func);
  const found: AtLength<F>[] = [];
  for (const length of [...new Set(lengths)].sort((a, b) => a - b)) {
    const at = await evaluate(length);
    if (at === null) return null;
    found.push({ ...at, length, seen: length >= least && length <= most });
  }
  return found;
}
