import {
  add,
  type Cell,
  defineCell,
  glorot,
  gru,
  lstm,
  matmul,
  mul,
  orthogonal,
  rnn,
  sigmoid,
  type Traceable,
  tanh,
  type Value,
} from "longspan";

/** Any cell of one input x, its types forgotten. */
export type AnyCell = Cell<{ x: readonly number[] }, Record<string, readonly number[]>, unknown, Value>;
export type AnyParams = Traceable<Record<string, Value>>;

const mixing = defineCell({
  name: "mixing",
  inputs: ({ input }: { input: number; hidden: number }) => ({ x: [input] }),
  state: ({ hidden }) => ({ a: [hidden], m: [hidden] }),
  params: ({ input, hidden }) => ({
    U: glorot(input, hidden),
    W: orthogonal(hidden, hidden),
    V: orthogonal(hidden, hidden),
  }),
  step({ x, a, m }, { U, W, V }) {
    const kept = add(mul(m, 0.7), mul(tanh(matmul(a, V)), sigmoid(matmul(x, U))));
    const next = tanh(add(matmul(mul(a, kept), W), matmul(x, U)));
    return { state: { a: next, m: kept }, output: add(next, mul(kept, 0.5)) };
  },
});

const input = 2;
const hidden = 3;

/** A cell of one slot, one of two, one with products of states, and one of a user's own whose output is no slot. */
export const cells: readonly AnyCell[] = [
  rnn({ input, hidden }),
  lstm({ input, hidden }),
  gru({ input, hidden }),
  mixing({ input, hidden }),
].map((c) => c as unknown as AnyCell);
