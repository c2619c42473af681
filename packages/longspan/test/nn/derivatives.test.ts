import {
  type AnyCell,
  add,
  chain,
  checkDerivatives,
  graph,
  grid,
  Key,
  leaves,
  mul,
  naryTreeLstm,
  normal,
  ones,
  rnn,
  type Shapes,
  type Structure,
  softmax,
  sum,
  type Tensor,
  tanh,
  tensorTreeRnn,
  treeRnn,
  trees,
  type UnfoldOptions,
  unfold,
  type Value,
  valueAndGrad,
} from "longspan";
import { describe, expect, test } from "vitest";
import { cellVariants, libraryCells } from "../../../../tests/library-cells.js";
import { difference, normals, numbers, randomLike } from "./plain.js";

const size = { input: 3, hidden: 4 };
const ragged = chain([5, 2, 0, 4]);
const reversed = chain([3, 0, 5], { reverse: true });
const narrowTrees = [
  { children: [[1, 2], [3, 4], [], [], [5], []] },
  { children: [[]] },
  { children: [[], [0, 2], []] },
];
const wideTrees = trees([{ children: [[1, 2, 3], [], [4], [], []] }, { children: [[]] }]);
const sharing = graph([
  {
    nodes: 5,
    edges: [
      { from: 4, to: 2 },
      { from: 4, to: 3 },
      { from: 2, to: 0 },
      { from: 3, to: 0 },
      { from: 3, to: 1 },
    ],
  },
]);

const treeRow = ([name, cell]: readonly [string, AnyCell]): readonly [
  string,
  AnyCell,
  string,
  Structure,
][] =>
  cell.ports.length > 0
    ? [[name, cell, "trees", trees(narrowTrees, { ports: cell.ports })]]
    : [
        [name, cell, "trees", wideTrees],
        [name, cell, "a graph with shared children", sharing],
        [name, cell, "a ragged chain", ragged],
      ];

const rowsOfTable: readonly (readonly [string, AnyCell, string, Structure])[] = [
  ...libraryCells("chains", size).flatMap(
    ([name, cell]) =>
      [
        [name, cell, "a ragged chain", ragged],
        [name, cell, "a reversed chain", reversed],
        [name, cell, "trees whose children are summed", wideTrees],
      ] as const,
  ),
  ...libraryCells("trees", size).flatMap(treeRow),
  ...libraryCells("grids", size).map(
    ([name, cell]) =>
      [
        name,
        cell,
        "ragged grids",
        grid(
          [
            [3, 2],
            [0, 4],
            [1, 3],
          ],
          { from: "bottom-left" },
        ),
      ] as const,
  ),
  // Far from the kink: every pre-activation at these seeds is.
  ["rnn.relu", rnn({ ...size, activation: "relu" }), "a ragged chain", ragged],
  ...[naryTreeLstm, treeRnn, tensorTreeRnn].flatMap((make) =>
    [1, 3, 5].map((arity) => {
      const cell = make({ ...size, arity });
      const children = [
        Array.from({ length: arity }, (_, k) => k + 1),
        ...Array.from({ length: arity }, () => []),
      ];
      const forest = trees([{ children }, { children: [[1], []] }], { ports: cell.ports });
      return [cell.name, cell as AnyCell, `trees with up to ${arity} children`, forest] as const;
    }),
  ),
  ...cellVariants(size).map(([name, cell]) => [name, cell, "a ragged chain", ragged] as const),
];

interface Point {
  readonly params: object;
  readonly x: Tensor;
  readonly initial: Readonly<Record<string, Tensor>>;
}

/** Slots that are no numbers of any kind: what they hold in `orderedMemory`, where a sequence goes on. */
const statesWithin: Readonly<Record<string, (drawn: Tensor) => Value>> = {
  position: softmax,
  begun: (drawn) => ones(drawn.shape, "float64"),
};

function pointOf(cell: AnyCell, structure: Structure): Point {
  const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2)) as object;
  const { sources } = structure.parts;
  const slots = sources > 0 ? Object.entries(cell.state) : [];
  return {
    params,
    x: normals(Key.of(3), structure.nodes, size.input),
    initial: Object.fromEntries(
      slots.map(([name, shape], i) => {
        const drawn = normal(Key.of(4 + i), [sources, ...shape], "float64");
        return [name, (statesWithin[name]?.(drawn) ?? drawn) as Tensor];
      }),
    ),
  };
}

/** A scalar that depends on every output and every final state, each with its own weight. */
function lossOf(cell: AnyCell, structure: Structure, options: UnfoldOptions<Shapes> = {}) {
  return (p: { params: object; x: Value; initial: Readonly<Record<string, Value>> }): Value => {
    const { output, final } = unfold(cell, p.params, { x: p.x }, structure, {
      ...options,
      initial: p.initial,
    });
    const weights = normals(Key.of(9), ...output.shape);
    const ends = Object.values(final).map((v, i) => {
      const weight = normal(Key.of(20 + i), v.shape, "float64");
      return sum(mul(tanh(v), weight));
    });
    return ends.reduce(add, sum(mul(mul(output, output), weights)));
  };
}

describe.each(rowsOfTable)("%s", (_, cell, where, structure) => {
  test(`first and second derivatives over ${where}`, () => {
    const { first, second } = checkDerivatives(lossOf(cell, structure), pointOf(cell, structure), {
      second: true,
    });
    expect(first).toBeLessThan(1e-6);
    expect(second).toBeLessThan(1e-6);
  });

  test(`value and gradients over ${where} equal the plain loop's`, () => {
    const point = pointOf(cell, structure);
    const fast = valueAndGrad(lossOf(cell, structure))(point);
    const slow = valueAndGrad(lossOf(cell, structure, { loop: "plain" }))(point);
    expect(difference(numbers(fast.value), numbers(slow.value))).toBeLessThan(1e-12);
    const flat = ({ grads }: typeof fast) =>
      [grads.x, ...Object.values(grads.initial), ...leaves(grads.params)].flatMap(numbers);
    expect(difference(flat(fast), flat(slow))).toBeLessThan(1e-11);
  });
});
