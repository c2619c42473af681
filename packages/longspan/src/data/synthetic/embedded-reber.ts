import type { RandomNumbers } from "../../tensor/index.js";
import { makeProblem, oneHot, type ScoredSequence } from "./make-problem.js";
import type { SyntheticProblem } from "./problem.js";

/** The symbols of the Reber grammar, by their numbers. */
const alphabet = "BTPSXVE";
const [B, T, P, , , , E] = [0, 1, 2, 3, 4, 5, 6];

/** The Reber grammar: from each state, the symbols that may come and the states that they lead to; after E, it ends. */
const grammar: readonly Readonly<Record<string, number>>[] = [
  { B: 1 },
  { T: 2, P: 3 },
  { S: 2, X: 4 },
  { T: 3, V: 5 },
  { X: 3, S: 6 },
  { P: 4, V: 6 },
  { E: 7 },
];
const end = 7;

/**
 * The embedded Reber grammar: predict the next symbol of strings B T r T E and B P r P E, where r is a string of the Reber grammar.
 * What comes last but one is known only to who remembers the second symbol.
 *
 *     the Reber grammar, 0 to end:   0 B 1;  1 T 2, P 3;  2 S 2, X 4;  3 T 3, V 5;  4 X 3, S 6;  5 P 4, V 6;  6 E end
 *
 * Each possible step has the probability 1/2. x(t) is one of B, T, P, S, X, V, E, one-hot in this order, all but the string's last
 * symbol, and the answer to each is the one that follows. Strings are drawn until they end: 12 symbols in the mean, at least 9. A
 * sequence is wrong unless, at every step, the symbols that may follow have all larger outputs than the others.
 *
 * The loss without memory of the second symbol, but with the grammar known, is 8 ln 2 / 11 per step, over many strings; with it,
 * 7 ln 2 / 11.
 *
 * @see Hochreiter, Schmidhuber (1997), experiment 1; Reber (1967)
 * @example embeddedReber().sample(Key.of(1), 0, 1).structure.nodes // at least 8
 */
export function embeddedReber(): SyntheticProblem {
  return makeProblem({
    name: "embedded-reber",
    input: alphabet.length,
    output: alphabet.length,
    answer: "class",
    scored: "every step",
    // Longer than this are fewer than one in a million.
    steps: 64,
    baseline: (8 * Math.LN2) / 11,
    draw(draws) {
      const symbols = drawString(draws);
      return { x: oneHot(symbols.slice(0, -1), alphabet.length), targets: symbols.slice(1) };
    },
    right: rightSuccessors,
  });
}

function drawString(draws: RandomNumbers): number[] {
  const outer = draws.below(2) === 0 ? T : P;
  const inner: number[] = [];
  for (let state = 0; state !== end; ) {
    const ways = Object.entries(grammar[state]!);
    const [symbol, next] = ways[ways.length === 1 ? 0 : draws.below(2)]!;
    inner.push(alphabet.indexOf(symbol));
    state = next;
  }
  return [B!, outer!, ...inner, outer!, E!];
}

function rightSuccessors({ outputs, batch: { x, targets, scored }, indices }: ScoredSequence): boolean {
  const size = x.length / scored.length;
  const outer = targets[indices[0]!]!;
  let state = 0;
  return indices.every((index, t) => {
    // Symbols 2 and later, up to the inner E, are the inner grammar's.
    if (t >= 2 && state !== end) {
      const read = alphabet[targets[indices[t - 1]!]!]!;
      state = grammar[state]![read]!;
    }
    const legal = successors(t, state, outer, indices.length);
    const row = Array.from({ length: size }, (_, c) => outputs[index * size + c]!);
    const least = Math.min(...row.filter((_, c) => legal.includes(c)));
    return row.every((value, c) => legal.includes(c) || value < least);
  });
}

/** What may follow step t: after the first symbol T or P, then the inner string, then the outer symbol and E. */
function successors(t: number, state: number, outer: number, steps: number): readonly number[] {
  if (t === 0) return [T!, P!];
  if (t === steps - 1) return [E!];
  if (state === end) return [outer];
  return Object.keys(grammar[state]!).map((symbol) => alphabet.indexOf(symbol));
}
