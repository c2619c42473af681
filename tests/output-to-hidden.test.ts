// The net whose only recurrence is from its output (figure 10.4): what it can do and what it cannot, with known answers.

import {
  adam,
  applyUpdates,
  bernoulliOutput,
  type Cell,
  capture,
  chain,
  defaultExecutor,
  type FedBackInputs,
  fedBack,
  freeRunning,
  fromArray,
  Key,
  mean,
  onCpu,
  outputToHidden,
  type ParamsOf,
  type Regime,
  rnn,
  type Shapes,
  type Tensor,
  type Traceable,
  teacherForcing,
  unfold,
  type Value,
  valueAndGrad,
} from "longspan";
import { executableFor } from "longspan/engine";
import { describe, expect, test } from "vitest";

const output = bernoulliOutput({ features: 1 });
const fromOutput = (regime: Regime) => outputToHidden({ hidden: 12, context: 1, output, regime });
const fromHidden = (regime: Regime) => fedBack({ cell: rnn({ input: 2, hidden: 12 }), output, regime });

const [batch, length] = [16, 20];
const structure = chain(new Array<number>(batch).fill(length));

/** Bits b(t) in, targets out: time-major rows, all sequences of one length. */
interface Task {
  readonly context: Tensor;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** @param target y(t) of y(t-1), b(t) and b(t-1) */
function task(seed: number, target: (before: number, bit: number, last: number) => number): Task {
  const nodes = batch * length;
  const [context, x, y] = [0, 1, 2].map(() => new Float32Array(nodes)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let b = 0; b < batch; b++) {
    let [before, last] = [0, 0];
    for (let t = 0; t < length; t++) {
      const row = t * batch + b;
      const bit = Key.of(seed).fold(b).fold(t).words[0] & 1;
      [context[row], x[row]] = [bit, before];
      before = target(before, bit, last);
      [y[row], last] = [before, bit];
    }
  }
  const of = (data: Float32Array) => fromArray(data, [nodes, 1]);
  return { context: of(context), x: of(x), y: of(y) };
}

const parity = (seed: number) => task(seed, (before, bit) => before ^ bit);
const delay = (seed: number) => task(seed, (_, __, last) => last);

type AnyCell<P> = Cell<FedBackInputs, Shapes, P, Value>;

function trained<P>(cell: AnyCell<P>, of: (seed: number) => Task, steps: number) {
  const loss = (params: Traceable<ParamsOf<P>>, { context, x, y }: Task) =>
    mean(output.lossPerRow(unfold(cell, params, { x, context }, structure).output, y));
  const optimiser = adam({ learningRate: 0.02 });
  let params = cell.init(Key.of(1));
  let state = optimiser.init(params);
  const step = capture((p: ParamsOf<P>, s: typeof state, data: Task) => {
    const { grads } = valueAndGrad((at: Traceable<ParamsOf<P>>) => loss(at, data))(p as never) as unknown as {
      grads: ParamsOf<P>;
    };
    const next = optimiser.update(grads, s, p);
    return { params: applyUpdates(p, next.updates), state: next.state };
  });
  for (let i = 0; i < steps; i++) ({ params, state } = step(params, state, of(100 + (i % 40))));
  const fresh = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
    onCpu(loss(params as Traceable<ParamsOf<P>>, of(seed))).item(),
  );
  return { params, loss: fresh.reduce((a, b) => a + b) / fresh.length };
}

describe("only from its output", () => {
  test("it succeeds where the targets hold the state: the parity of the bits so far; and runs on alone", () => {
    const { params, loss } = trained(fromOutput(teacherForcing()), parity, 600);
    expect(loss).toBeLessThan(0.02);
    const { context, x, y } = parity(9);
    const free = unfold(fromOutput(freeRunning({ feed: "mode" })), params, { x, context }, structure).output;
    const said = Array.from(onCpu(output.mode(free)).toArray());
    expect(said).toEqual(Array.from(onCpu(y).toArray()));
  });

  test("it fails where they do not: the bit before; recurrence from the hidden layer succeeds", () => {
    // It sees b(t) and y(t-1) = b(t-2), which say nothing of y(t) = b(t-1): ln 2 is the least loss there is.
    const { loss } = trained(fromOutput(teacherForcing()), delay, 600);
    expect(loss).toBeGreaterThan(Math.LN2 * 0.94);
    expect(trained(fromHidden(teacherForcing()), delay, 600).loss).toBeLessThan(0.02);
  });
});

describe("its program", () => {
  const program = (cell: Cell<FedBackInputs, Shapes, unknown, Value>) => {
    const { graph } = cell.trace("float32");
    const none = graph.sourceSlots.map(() => false);
    const attrs = {
      cell: graph,
      structure,
      initials: none,
      finals: none,
      backward: { kind: "full" as const },
    };
    return executableFor(attrs, defaultExecutor()).compiled.program;
  };
  test("has no loop under teacher forcing, and has one when it runs on its own", () => {
    expect(program(fromOutput(teacherForcing()) as never).loop).toEqual([]);
    expect(program(fromOutput(freeRunning({ feed: "mean" })) as never).loop.length).toBeGreaterThan(0);
    expect(program(fromHidden(teacherForcing()) as never).loop.length).toBeGreaterThan(0);
  });
});
