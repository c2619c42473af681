// Nets that read expressions of ListOps: over chains, or over trees of several kinds.

import {
  balancedTree,
  binaryTreeLstm,
  chain,
  concat,
  crossEntropyMean,
  fromArray,
  gatedTree,
  gather,
  inferredTrees,
  Key,
  linear,
  listOps,
  lstm,
  mul,
  normal,
  orderedMemory,
  reshape,
  scope,
  slice,
  trees,
  unfold,
  zeros,
} from "longspan";
import { draws } from "../pairs.mjs";

/** The published distribution, in which no expression comes twice; the same with those that do; and short lists. */
export const problems = {
  published: different(listOps({ symbols: [4, 300] }), 90_000),
  drawn: listOps({ symbols: [4, 300] }),
  short: listOps({ depth: 4, symbols: [4, 30] }),
};

const slots = 6;

/** What each arm is: its problem, its cell by features and units, the trees that it runs over, and where the state of the root stands. */
export const arms = {
  "chain-lstm": { problem: "published", hidden: 128, make: lstm },
  "drawn-chain-lstm": { problem: "drawn", hidden: 100, make: lstm },
  "tree-lstm": {
    problem: "drawn",
    hidden: 100,
    make: binaryTreeLstm,
    tree: ({ tree }) => tree,
  },
  "short-chain-lstm": { problem: "short", hidden: 64, make: lstm },
  "short-learned": {
    problem: "short",
    hidden: 64,
    make: (sizes) => orderedMemory({ ...sizes, slots }),
    root: ({ closed }) => reshape(slice(closed, 1, slots - 1, slots), [closed.shape[0], closed.shape[2]]),
  },
  "short-given": { problem: "short", hidden: 64, make: gatedTree, tree: ({ tree }) => tree },
  "short-balanced": {
    problem: "short",
    hidden: 64,
    make: gatedTree,
    tree: ({ symbols }) => balancedTree(symbols.length),
  },
  "short-random": { problem: "short", hidden: 64, make: gatedTree, tree: randomTree },
};

/** A net for an arm: its first parameters, and the logits of expressions. */
export function netOf(arm) {
  const { problem, hidden, make, tree, root = ({ h }) => h } = arms[arm];
  const { input, output } = problems[problem];
  const [cell, readout] = [make({ input: hidden, hidden }), linear({ input: hidden, output })];
  const pack = tree
    ? (expressions) => packTrees(expressions, expressions.map(tree), input)
    : (expressions) => packChains(expressions);
  return {
    hidden,
    init(key) {
      const [forSymbols, forCell, forReadout] = key.split(3);
      return {
        symbols: scope(() => mul(normal(forSymbols, [input, hidden]), 0.3)),
        // The nodes of the paper start their biases at 0, those of the library b at 0.1.
        cell:
          "b" in cell.specs && "gain" in cell.specs
            ? { ...cell.init(forCell), b: zeros(cell.specs.b.shape) }
            : cell.init(forCell),
        readout: readout.init(forReadout),
      };
    },
    logits(params, expressions) {
      const { symbols, structure } = pack(expressions);
      const { final } = unfold(cell, params.cell, { x: features(params, symbols) }, structure);
      return readout.apply(params.readout, root(final));
    },
    /** The trees that the net infers. */
    trees(params, expressions) {
      const { symbols, structure } = pack(expressions);
      const options = { input: hidden, hidden, slots };
      return inferredTrees(options, params.cell, features(params, symbols), structure);
    },
  };
}

/** The loss of a net, for training. */
export function lossOf({ logits }, params, expressions) {
  const values = Int32Array.from(expressions, ({ value }) => value);
  return crossEntropyMean(logits(params, expressions), fromArray(values, [values.length], "int32"));
}

/** Rows of the table of symbols; the last, of what has no symbol, is zero. */
function features({ symbols: table }, symbols) {
  return gather(concat([table, zeros([1, table.shape[1]])], 0), symbols);
}

function packChains(expressions) {
  const structure = chain(expressions.map(({ symbols }) => symbols.length));
  const all = Int32Array.from(expressions.flatMap(({ symbols }) => Array.from(symbols)));
  return { structure, symbols: structure.pack(fromArray(all, [all.length], "int32")) };
}

function packTrees(expressions, forest, none) {
  const structure = trees(forest, { ports: ["left", "right"] });
  const all = Int32Array.from(
    forest.flatMap(({ children }, i) => {
      const { symbols } = expressions[i];
      return children.map((_, node) => symbols[node] ?? none);
    }),
  );
  return { structure, symbols: structure.pack(fromArray(all, [all.length], "int32")) };
}

/** A tree that depends on the length and the symbols, joining neighbours in a random order: the same at every look at an expression. */
function randomTree({ symbols }) {
  let state = symbols.reduce((hash, symbol) => (Math.imul(hash, 31) + symbol + 1) >>> 0, 7);
  const below = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const children = Array.from(symbols, () => []);
  const roots = Array.from(symbols, (_, i) => i);
  while (roots.length > 1) {
    const i = below(roots.length - 1);
    roots.splice(i, 2, children.push([roots[i], roots[i + 1]]) - 1);
  }
  return { children };
}

/**
 * Batches from rounds of so many expressions that are all different, new ones for each round. Short ones, of which there are few, come more
 * seldom than they are drawn: half of the expressions have more than 16 symbols, not more than 10.
 */
function different(problem, size) {
  let last = {};
  const round = (key) => {
    const found = new Map();
    for (let batch = 0; found.size < size; batch++)
      for (const expression of problem.sample(key, batch, 1000))
        if (found.size < size) found.set(expression.symbols.join(), expression);
    return draws(key).shuffled([...found.values()]);
  };
  return {
    ...problem,
    sample(key, batch, count) {
      const inRound = Math.floor(size / count);
      const forRound = key.fold(Math.floor(batch / inRound));
      const name = forRound.words.join();
      if (last.name !== name) last = { name, expressions: round(forRound) };
      const from = (batch % inRound) * count;
      return last.expressions.slice(from, from + count);
    },
  };
}

/** Batches of which each has like lengths: 16 at a time are drawn, put in order of length, cut, and come in any order. */
export function likeLengths(problem, key, size) {
  let last = {};
  const [forExpressions, forOrder] = key.split(2);
  return (step) => {
    const number = Math.floor(step / 16);
    if (last.number !== number) {
      const some = problem.sample(forExpressions, number, 16 * size);
      some.sort((a, b) => a.symbols.length - b.symbols.length);
      const batches = Array.from({ length: 16 }, (_, i) => some.slice(i * size, (i + 1) * size));
      last = { number, batches: draws(forOrder.fold(number)).shuffled(batches) };
    }
    return last.batches[step % 16];
  };
}

/** Expressions that are held out: of the key of no training. */
export function heldOut(problem, count) {
  return problems[problem].sample(Key.of(99), 0, count);
}
