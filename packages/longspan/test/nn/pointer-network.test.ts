import {
  adam,
  additiveAddressing,
  additiveScores,
  applyUpdates,
  chain,
  checkDerivatives,
  embedding,
  fromArray,
  gru,
  IndexError,
  Key,
  lstm,
  mean,
  mul,
  multiplicativeAddressing,
  pointerNetwork,
  recurrent,
  scope,
  slice,
  sortingProblem,
  stacked,
  sum,
  tensor,
  unfold,
  type Value,
  valueAndGrad,
  windowAddressing,
} from "longspan";
import { expect, test } from "vitest";
import { difference, normals, numbers, randomLike, rows } from "./plain.js";

const parts = {
  encoder: recurrent(lstm({ input: 2, hidden: 3 })),
  cell: lstm,
  hidden: 3,
  addressing: additiveAddressing({ size: 4 }),
};
const model = pointerNetwork(parts);
const params = randomLike(model.init(Key.of(1), "float64"), Key.of(2), 0.6);
const sources = chain([3, 1, 4]);
const source = { x: normals(Key.of(3), sources.nodes, 2), structure: sources };
const answers = [[2, 0, 1], [0], [3, 3]];
const structure = chain(answers.map((a) => a.length));
const members = fromArray(
  Int32Array.from(structure.parts.order, (at) => answers.flat()[at]!),
  [6],
  "int32",
);

/** The equations, one source at a time, in the layers' own steps and plain numbers. */
function byHand(s: number): { loss: number; logs: number[][] } {
  const own = sources.rowsOf(s);
  const one = chain([own.length]);
  const x = rows(source.x);
  const mine = tensor(
    own.map((r) => x[r]!),
    "float64",
  );
  const { output: e, final } = parts.encoder.apply(params.encoder, mine, one);
  let state: object = final;
  let read = params.decoder.start as Value;
  let loss = 0;
  const logs: number[][] = [];
  for (const answer of answers[s]!) {
    const step = unfold(
      lstm({ input: 2, hidden: 3 }),
      params.decoder.cell,
      { x: tensor([numbers(read)], "float64") },
      chain([1]),
      { initial: state as never },
    );
    const d = tensor(numbers(step.output), "float64");
    const scores = numbers(additiveScores(d, e, params.decoder.address));
    const total = Math.log(scores.reduce((t, v) => t + Math.exp(v), 0));
    logs.push(scores.map((v) => v - total));
    loss -= scores[answer]! - total;
    state = step.final;
    read = slice(mine, 0, answer, answer + 1);
  }
  return { loss, logs };
}

test("log-probabilities and losses are those of the equations", () => {
  const { logProbabilities, loss, structure: carrying } = model.apply(params, source, { members, structure });
  const { begin } = carrying.pairs("source");
  const all = numbers(logProbabilities);
  for (const s of [0, 1, 2]) {
    const expected = byHand(s);
    expect(difference([numbers(loss)[s]!], [expected.loss])).toBeLessThan(1e-14);
    const logs = structure.rowsOf(s).flatMap((r) => all.slice(begin[r], begin[r + 1]));
    expect(difference(logs, expected.logs.flat())).toBeLessThan(1e-14);
  }
});

test("derivatives are those of the values, to points, encoder, start and all", () => {
  const f = (p: { params: typeof params; x: Value }) =>
    sum(
      mul(
        model.apply(p.params, { ...source, x: p.x }, { members, structure }).loss,
        tensor([1, 2, 3], "float64"),
      ),
    );
  expect(scope(() => checkDerivatives(f as never, { params, x: source.x } as never).first)).toBeLessThan(
    1e-6,
  );
});

test("greedy pointing reads what it pointed to: told its own choices, the net gives them the same probabilities", () => {
  const lengths = [3, 2, 5];
  const found = model.greedy(params as never, source, lengths);
  expect(found.map((f) => f.members.length)).toEqual(lengths);
  const over = chain(lengths);
  const chosen = found.map((f) => f.members);
  const told = fromArray(
    Int32Array.from(over.parts.order, (at) => chosen.flat()[at]!),
    [10],
    "int32",
  );
  const { logProbabilities, structure: carrying } = model.apply(params, source, {
    members: told,
    structure: over,
  });
  const { begin } = carrying.pairs("source");
  const all = numbers(logProbabilities);
  found.forEach(({ members, logProbabilities: logs }, s) => {
    over.rowsOf(s).forEach((r, t) => {
      const of = all.slice(begin[r], begin[r + 1]);
      expect(of.indexOf(Math.max(...of))).toBe(members[t]);
      expect(logs[t]).toBeCloseTo(of[members[t]!]!, 12);
    });
  });
});

test("a first state of a context, and other cells and addressings", () => {
  const other = pointerNetwork({
    encoder: stacked([recurrent(gru({ input: 2, hidden: 3 }))]),
    cell: gru,
    hidden: 4,
    addressing: multiplicativeAddressing(),
    context: { features: 3 },
  });
  const p = other.init(Key.of(1));
  expect(p.first!.h!.W.shape).toEqual([3, 4]);
  const x = tensor(rows(source.x));
  expect(other.apply(p, { ...source, x }, { members, structure }).loss.shape).toEqual([3]);
});

test("it learns to sort", () => {
  const problem = sortingProblem({ numbers: [2, 4] });
  const net = pointerNetwork({
    ...parts,
    encoder: recurrent(lstm({ input: 1, hidden: 24 })),
    hidden: 24,
    addressing: additiveAddressing({ size: 16 }),
  });
  const rule = adam({ learningRate: 0.01 });
  let p = net.init(Key.of(1));
  let state = rule.init(p);
  const batchOf = (step: number, count: number) => {
    const { source, target, answers } = problem.sample(Key.of(5), step, count);
    return {
      source: { x: fromArray(source.x, [source.structure.nodes, 1]), structure: source.structure },
      targets: {
        members: fromArray(target.members, [target.members.length], "int32"),
        structure: target.structure,
      },
      answers,
    };
  };
  for (let step = 1; step <= 250; step++) {
    const next = scope(() => {
      const { source, targets } = batchOf(step, 64);
      const { grads } = valueAndGrad((q: typeof p) => mean(net.apply(q, source, targets).loss))(p);
      const update = rule.update(grads, state, p);
      return { p: applyUpdates(p, update.updates), state: update.state };
    });
    p = next.p;
    state = next.state;
  }
  const { source, answers } = batchOf(0, 200);
  const found = net.greedy(
    p,
    source,
    answers.map((a) => a.length),
  );
  const right = found.filter(({ members }, s) => problem.right(members, answers[s]!)).length;
  expect(right).toBeGreaterThan(180);
});

test("pointerNetwork refuses what cannot point, sources that are no points, and targets that do not fit", () => {
  expect(() =>
    pointerNetwork({ ...parts, addressing: windowAddressing({ components: 2 }) as never }),
  ).toThrow(
    "pointerNetwork: windowAddressing gives no scores, of which a pointer makes probabilities; use an addressing by content, such as additiveAddressing({ size })",
  );
  const symbols = stacked([embedding({ vocabulary: 5, features: 2 }), parts.encoder]);
  expect(() => pointerNetwork({ ...parts, encoder: symbols as never })).toThrow(
    "pointerNetwork: the encoder reads int32 [], expected rows of numbers, [features]: the decoder reads the member that was pointed to",
  );
  expect(() => model.apply(params, source, { members: tensor([0], "int32"), structure: chain([1]) })).toThrow(
    "pointerNetwork.apply: targets are given for 1 sequences, there are 3 sources",
  );
  const beyond = { members: tensor([1], "int32"), structure: chain([0, 1, 0]) };
  expect(() => model.apply(params, source, beyond)).toThrow(IndexError);
});
