import {
  add,
  type Cell,
  defineCell,
  glorot,
  matmul,
  maximum,
  mul,
  orthogonal,
  type Shape,
  sigmoid,
  type Traceable,
  tanh,
  type Value,
} from "longspan";
import { libraryCells } from "../../../../tests/library-cells.js";

/** Any cell of one input x, its types forgotten. */
export type AnyCell = Cell<{ x: readonly number[] }, Record<string, readonly number[]>, unknown, Value>;
export type AnyParams = Traceable<Record<string, Value>>;
export type Slots = Record<string, Value>;

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

const sizes = { input: 2, hidden: 3 };
const anyCell = (cell: unknown) => cell as AnyCell;

/** The library's cells for chains, by their rows, and one of a user's own whose output is no slot. */
export const cells: readonly AnyCell[] = [
  ...libraryCells("chains", sizes).map(([, cell]) => anyCell(cell)),
  anyCell(mixing(sizes)),
];

/** Features of a cell's output. */
export function outputSize({ state }: AnyCell): number {
  return state.h?.[0] ?? sizes.hidden;
}

/** A cell over trees and graphs, and its equations for one node as they are written down by hand or by its author. */
export interface TreeCell {
  readonly cell: AnyCell;
  /** The new state from the states at the other ends of the node's edges, in their order, with the ports that they lead to. */
  readonly node: (
    x: Value,
    edges: readonly { readonly port: number; readonly state: Slots }[],
    params: Slots,
    zero: Slots,
  ) => Slots;
}

/** A cell whose messages are summed by port, by its author's own functions. */
function summing(cell: AnyCell): TreeCell {
  const { edge, step } = cell.definition;
  const sums = (states: readonly Slots[], zero: Slots): Slots =>
    Object.fromEntries(
      Object.keys(zero).map((k) => [k, states.map((s) => s[k]!).reduce((a, b) => add(a, b), zero[k]!)]),
    );
  return {
    cell,
    node(x, edges, params, zero) {
      const message = (s: Slots) =>
        edge ? (edge({ x, ...s } as never, params as never, {} as never) as Slots) : s;
      const into = (q: number) =>
        sums(
          edges.filter((e) => e.port === q).map((e) => message(e.state)),
          zero,
        );
      const read =
        cell.ports.length > 0 ? Object.fromEntries(cell.ports.map((p, q) => [p, into(q)])) : into(0);
      return step({ x, ...read } as never, params as never, null as never).state as Slots;
    },
  };
}

/** Two ways in, and an edge step that sees the state at its source and the input at its target. */
const portsAndEdges = defineCell({
  name: "portsAndEdges",
  ports: ["left", "right"],
  inputs: () => ({ x: [2] as Shape }),
  state: () => ({ h: [3] as Shape, s: [3] as Shape }),
  params: () => ({ U: glorot(2, 3), E: glorot(3, 3), L: orthogonal(3, 3), R: orthogonal(3, 3) }),
  edge: ({ x, h, s }, { U, E }) => ({ h: tanh(matmul(h, E)), s: mul(sigmoid(add(matmul(x, U), h)), s) }),
  step({ x, left, right }, { U, L, R }) {
    const h = tanh(add(matmul(x, U), add(matmul(left.h, L), matmul(right.h, R))));
    return { state: { h, s: add(mul(left.s, 0.5), sub3(right.s, h)) }, output: h };
  },
});

function sub3(s: Value, h: Value): Value {
  return add(mul(s, 0.8), mul(h, -0.3));
}

/** The largest message, element by element, of an edge step. */
const largest = defineCell({
  name: "largest",
  inputs: () => ({ x: [2] as Shape }),
  state: () => ({ h: [3] as Shape }),
  message: () => ({ h: [3] as Shape }),
  messages: { h: "max" },
  params: () => ({ U: glorot(2, 3), E: glorot(3, 3), W: orthogonal(3, 3) }),
  edge: ({ h }, { E }) => ({ h: tanh(matmul(h, E)) }),
  step({ x, h }, { U, W }) {
    const next = tanh(add(matmul(x, U), matmul(h, W)));
    return { state: { h: next }, output: next };
  },
});

/** The library's cells for trees, by their rows, a cell for chains whose children are summed, and users' own. */
export const treeCells: readonly TreeCell[] = [
  ...libraryCells("trees", sizes).map(([, cell]) => summing(anyCell(cell))),
  summing(cells.find(({ name }) => name === "lstm")!),
  summing(anyCell(portsAndEdges(undefined as never))),
  {
    cell: anyCell(largest(undefined as never)),
    node(x, edges, { U, E, W }, zero) {
      const messages = edges.map(({ state }) => tanh(matmul(state.h!, E!)));
      const h = messages.length === 0 ? zero.h! : messages.reduce((a, b) => maximum(a, b));
      return { h: tanh(add(matmul(x, U!), matmul(h, W!))) };
    },
  },
];
