import type * as Longspan from "longspan";

/** What a training run leaves: the loss at its start and end, and all weights. */
export interface Trained {
  readonly before: number;
  readonly after: number;
  readonly weights: number[];
}

/**
 * A small LSTM learns to tell the mean of what it read. The library is an argument, so that a page, its worker and Node.js run
 * this same text; the numbers come from integers, so that no host's mathematical functions enter.
 */
export async function trainLstm(longspan: typeof Longspan, steps: number): Promise<Trained> {
  const { chain, fromArray, Key, leaves, linear, lstm, mapTree, mean, onCpu, reshape, scope, sgd } = longspan;
  const { startTraining, square, sub, train, unfold } = longspan;
  const [input, hidden, sequences, length] = [8, 64, 16, 40];
  let state = 1;
  const numbers = (shape: readonly number[], size: number) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const drawn = Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return ((state >> 8) / 2 ** 23) * size;
    });
    return fromArray(drawn, shape);
  };
  const structure = chain(new Array<number>(sequences).fill(length));
  const cell = lstm({ input, hidden });
  const readout = linear({ input: hidden, output: input });
  const shapes = { cell: cell.init(Key.of(1)), readout: readout.init(Key.of(1)) };
  const params = mapTree(shapes, ({ shape }) => numbers(shape, 0.25));
  const x = numbers([sequences * length, input], 1);
  // Rows are ordered by time.
  const target = scope(() => mean(reshape(x, [length, sequences, input]), 0));

  type Params = typeof params;
  const lossOf = (p: Longspan.Traceable<Params>) => {
    const { final } = unfold(cell, p.cell, { x }, structure);
    return mean(square(sub(readout.apply(p.readout, final.h), target)));
  };
  const measured = (p: Params) => scope(() => onCpu(lossOf(p) as Longspan.Tensor).item());
  const before = measured(params);
  const task: Longspan.Task<Params, Record<string, never>, Record<string, never>> = {
    batch: () => ({}),
    predictions: () => sequences,
    carriedAtStart: () => ({}),
    loss: (p) => ({ loss: lossOf(p), carried: {} }),
  };
  const optimiser = sgd({ learningRate: 0.5 });
  const started = startTraining(task, optimiser, params);
  const { state: end } = await train(task, started, { optimiser, budget: { steps }, key: Key.of(2) });
  return {
    before,
    after: measured(end.params),
    weights: leaves(end.params).flatMap((v) => Array.from(onCpu(v as Longspan.Tensor).toArray())),
  };
}
