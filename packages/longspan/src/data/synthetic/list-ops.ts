import {
  check,
  checkSettings,
  count as countKind,
  kind,
  optional,
  type RequiredKind,
  share,
  size,
  text as textKind,
} from "../../check/index.js";
import { type Key, RandomNumbers } from "../../tensor/index.js";
import { keyKind } from "../../tensor/kinds.js";
import type { TreeNodes } from "../../unfold/index.js";

/** The symbols of ListOps by their numbers: the digits, the operators, each with the bracket that it opens, and what closes it. */
export const listOpsSymbols: readonly string[] = [..."0123456789", "[MIN", "[MAX", "[MED", "[SM", "]"];

/** Settings of `listOps`. */
export interface ListOpsOptions {
  /** The probability that an argument is a list; 0.25 by default. */
  readonly operators?: number;
  /** The fewest and the most arguments of a list, all numbers between them as likely; [2, 5] by default. */
  readonly arguments?: readonly [fewest: number, most: number];
  /** How many lists may stand in one another, the outermost included; 19 by default. */
  readonly depth?: number;
  /** The fewest and the most symbols: what is shorter or longer is drawn again; any number by default. */
  readonly symbols?: readonly [fewest: number, most: number];
}

/** An expression of ListOps. */
export interface ListOpsExpression {
  /** Numbers of `listOpsSymbols`, as they are read. */
  readonly symbols: Int32Array;
  /** What it comes to: a digit. */
  readonly value: number;
  /**
   * The tree of its brackets, for `trees` with a left and a right child: nodes 0 to n - 1 are the symbols, the others join two each, children
   * before parents; the root is the last. A list is joined from the left: ((([MAX 2) 9) ]).
   */
  readonly tree: TreeNodes;
}

/** Expressions that are drawn at random. */
export interface ListOpsProblem {
  readonly name: string;
  /** How many symbols there are: the values of an input. */
  readonly input: number;
  /** How many values an expression may have. */
  readonly output: number;
  /** Expressions number 0 to `count` - 1 of a batch. Expression i depends on the key, the number of the batch and i, on nothing else. */
  sample(key: Key, batch: number, count: number): ListOpsExpression[];
}

/**
 * ListOps: what does a nested list come to, such as [MAX 2 9 [MIN 4 7 ] 0 ] to 9? Who knows the tree of the brackets can say it list by list;
 * a net that reads from the left has to keep all lists that are open.
 *
 *     expression = [operator argument ... argument ]      the outermost is always a list
 *     argument   = a list with the probability `operators`, or a digit, each as likely
 *     operator   = MIN, MAX, MED (the median, rounded down), SM (the sum modulo 10), each as likely
 *
 * As published: operators 0.25, 2 to 5 arguments, a depth of 20, where digits count as one. There, expressions are all different.
 *
 * @see Nangia, Bowman (2018), "ListOps: a diagnostic dataset for latent tree learning"
 * @throws RangeError if the lengths that `symbols` asks for do not come up
 * @example
 * const [expression] = listOps().sample(Key.of(1), 0, 1);
 * const words = Array.from(expression!.symbols, (s) => listOpsSymbols[s]).join(" "); // such as "[MAX 2 9 [MIN 4 7 ] 0 ]"
 * parseListOps(words).value === expression!.value // true
 */
export function listOps(options?: ListOpsOptions): ListOpsProblem {
  const settings = checkSettings<ListOpsOptions>("listOps", options, optionKinds);
  const { operators = 0.25, arguments: [fewest, most] = [2, 5], depth = 19 } = settings;
  const [least, longest] = settings.symbols ?? [0, Number.POSITIVE_INFINITY];
  const drawn = (draws: RandomNumbers): number[] => {
    const symbols: number[] = [];
    /** @param inside how many lists stand around it @returns false once it is too long */
    const list = (inside: number): boolean => {
      symbols.push(firstOperator + draws.below(operatorCount));
      const length = fewest + draws.below(most - fewest + 1);
      for (let i = 0; i < length; i++) {
        if (inside + 1 < depth && draws.uniform() < operators) {
          if (!list(inside + 1)) return false;
        } else symbols.push(draws.below(10));
        if (symbols.length >= longest) return false;
      }
      symbols.push(close);
      return true;
    };
    return list(0) && symbols.length >= least ? symbols : [];
  };
  return {
    name: "list-ops",
    input: listOpsSymbols.length,
    output: 10,
    sample(key, batch, count) {
      check("list-ops.sample", "key", key, keyKind);
      check("list-ops.sample", "batch", batch, countKind);
      check("list-ops.sample", "count", count, size);
      return Array.from({ length: count }, (_, i) => {
        const draws = new RandomNumbers(key.fold(batch).fold(i));
        for (let tries = 0; tries < mostTries; tries++) {
          const symbols = drawn(draws);
          if (symbols.length > 0) return expressionOf(symbols);
        }
        throw new RangeError(
          `list-ops.sample: none of ${mostTries} expressions has from ${least} to ${longest} symbols; ask for a wider range, or for other arguments`,
        );
      });
    },
  };
}

/**
 * The expression that a text writes down: symbols with spaces between them. Round brackets, with which the published files give the tree, are
 * passed over, since the square ones say the same.
 *
 * @throws RangeError for a text that is no expression
 * @example parseListOps("( ( ( [MAX 2 ) 9 ) ] )").value // 9
 */
export function parseListOps(text: string): ListOpsExpression {
  check("parseListOps", "text", text, textKind);
  const words = text.split(/\s+/).filter((word) => word !== "" && word !== "(" && word !== ")");
  const symbols = words.map((word, i) => {
    const symbol = listOpsSymbols.indexOf(word);
    if (symbol < 0)
      throw new RangeError(
        `parseListOps: text has "${word}" as symbol ${i}, expected one of ${listOpsSymbols.join(" ")}`,
      );
    return symbol;
  });
  return expressionOf(symbols);
}

/** A list that is open: its operator, the values of its arguments so far, and the node that holds it so far. */
interface OpenList {
  readonly operator: number;
  readonly values: number[];
  node: number;
}

function expressionOf(symbols: readonly number[]): ListOpsExpression {
  const children: number[][] = symbols.map(() => []);
  const open: OpenList[] = [];
  let root = -1;
  let value = 0;
  for (const [i, symbol] of symbols.entries()) {
    if (root >= 0) throw notOne(symbols, `symbol ${i} stands behind its end`);
    if (symbol >= firstOperator && symbol < close) {
      open.push({ operator: symbol, values: [], node: i });
      continue;
    }
    let node = i;
    let found = symbol;
    const list = open.at(-1);
    if (symbol === close) {
      if (!list || list.values.length === 0)
        throw notOne(symbols, `symbol ${i} closes no list with arguments`);
      node = children.push([list.node, i]) - 1;
      found = outcomeOf(list);
      open.pop();
    }
    const around = open.at(-1);
    if (around) {
      around.values.push(found);
      around.node = children.push([around.node, node]) - 1;
    } else [root, value] = [node, found];
  }
  if (root < 0) throw notOne(symbols, `${open.length} lists are not closed`);
  return { symbols: Int32Array.from(symbols), value, tree: { children } };
}

function outcomeOf({ operator, values }: OpenList): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  switch (listOpsSymbols[operator]) {
    case "[MIN":
      return sorted[0]!;
    case "[MAX":
      return sorted.at(-1)!;
    case "[MED":
      return Math.floor((sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2);
    default:
      return values.reduce((a, b) => a + b) % 10;
  }
}

function notOne(symbols: readonly number[], why: string): RangeError {
  const shown = symbols.slice(0, 12).map((symbol) => listOpsSymbols[symbol]);
  return new RangeError(
    `parseListOps: text is one list, such as [MAX 2 9 ], or a digit; but in ${shown.join(" ")}${symbols.length > 12 ? " ..." : ""} ${why}`,
  );
}

const firstOperator = 10;
const operatorCount = 4;
const close = 14;
const mostTries = 10_000;

const range = (least: number, words: string): RequiredKind =>
  kind(
    words,
    (value) =>
      Array.isArray(value) &&
      value.length === 2 &&
      value.every((n) => Number.isSafeInteger(n) && n >= least) &&
      value[0] <= value[1],
  );
const optionKinds = {
  operators: optional(share),
  arguments: optional(range(1, "the fewest and the most arguments, each at least 1")),
  depth: optional(size),
  symbols: optional(range(3, "the fewest and the most symbols, each at least 3")),
};
