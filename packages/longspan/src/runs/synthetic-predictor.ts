import { isRecord } from "../check/index.js";
import type { SequenceModel, SequenceModelParams } from "../nn/index.js";
import { forEachBatch, numbersIn, type Predictor } from "../tasks/index.js";
import { InputError } from "../tasks/predictor.js";

/** What the model of a run on a synthetic problem says of a sequence. */
export interface SequencePrediction {
  /** A row for each step. */
  readonly output: readonly (readonly number[])[];
}

/** Rows of numbers of a sequence, one after the other. */
type Rows = ArrayLike<number>;

/** Says the output of each step. @param input features of a step */
export function sequencePredictor<P>(
  model: SequenceModel<P>,
  params: SequenceModelParams<P>,
  input: number,
): Predictor<Rows> {
  const row = input === 1 ? "a list of numbers" : `a list of rows of ${input} numbers`;
  return {
    input: `${row}, one for each step, or a record { values } with such a list`,
    format: "jsonl",
    read(value) {
      const { values } = numbersIn(isRecord(value) ? value.values : value, input);
      const missing = values.findIndex(Number.isNaN);
      if (missing < 0) return values;
      throw new InputError("a number is missing", { path: `values[${Math.floor(missing / input)}]` });
    },
    async predict(sequences) {
      const answers = new Array<SequencePrediction>(sequences.length);
      await forEachBatch(
        sequences,
        (rows) => rows.length,
        undefined,
        async (some, numbers) => {
          const found = outputsOf(model, params, some, input);
          for (const [k, i] of numbers.entries()) answers[i] = { output: found[k]! };
        },
      );
      return answers;
    },
  };
}

/** Reads sequences side by side, step by step: memory does not grow with what is inside the model. */
function outputsOf<P>(
  model: SequenceModel<P>,
  params: SequenceModelParams<P>,
  sequences: readonly Rows[],
  input: number,
): number[][][] {
  const found = sequences.map((): number[][] => []);
  const longest = sequences.reduce((most, { length }) => Math.max(most, length / input), 0);
  const stream = model.stream(params, { sequences: sequences.length });
  try {
    const x = new Float32Array(sequences.length * input);
    for (let t = 0; t < longest; t++) {
      // What a sequence reads after its end is of no account.
      for (const [row, rows] of sequences.entries())
        for (let i = 0; i < input; i++) x[row * input + i] = rows[t * input + i] ?? 0;
      const output = stream.step(x);
      const width = output.length / sequences.length;
      for (const [row, rows] of sequences.entries())
        if (t * input < rows.length)
          found[row]!.push(Array.from(output.subarray(row * width, (row + 1) * width)));
    }
  } finally {
    stream.dispose();
  }
  return found;
}
