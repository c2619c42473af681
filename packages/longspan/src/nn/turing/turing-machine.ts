import {
  checkSettings,
  kind,
  list,
  listOf,
  optional,
  type RequiredKind,
  size,
  text,
} from "../../check/index.js";

/**
 * A line of a machine's table: in this state, if each tape's head reads this, write that, move, and go on in the next state.
 *
 * `read`, `write` and `move` have one character per tape. `"*"` reads any symbol, or leaves what is there. Moves are L, R and S, which
 * stays. A rule may emit a bit, the machine's output.
 */
export type TuringRule = readonly [
  state: string,
  read: string,
  write: string,
  move: string,
  next: string,
  emit?: 0 | 1,
];

/** A deterministic Turing machine, with one tape or more, each endless on both sides. */
export interface TuringMachine {
  /** Its symbols, a character each, the blank first. "0" and "1", in which input is written, are among them. */
  readonly symbols: string;
  /** How many tapes there are; 1 by default. Input stands on the first, from its head to the right. */
  readonly tapes?: number;
  readonly start: string;
  /** The state in which it has halted; no rule leaves it. */
  readonly halt: string;
  readonly rules: readonly TuringRule[];
}

/** A machine by numbers. */
export interface TuringTable {
  readonly symbols: string;
  readonly tapes: number;
  /** The states, the start first and the halt last. */
  readonly states: readonly string[];
  readonly rules: readonly NumberedRule[];
}

/** A rule by numbers: those of states and symbols, -1 for `"*"`. */
export interface NumberedRule {
  readonly state: number;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** -1 for left, 1 for right, 0 for staying. */
  readonly moves: readonly number[];
  readonly next: number;
  readonly emit?: 0 | 1;
}

/**
 * The table of a machine.
 *
 * @throws RangeError naming what does not fit, such as two rules that apply at once
 */
export function turingTable(what: string, machine: TuringMachine): TuringTable {
  const { symbols, tapes = 1, start, halt, rules } = checkSettings(`${what}: machine`, machine, machineKinds);
  const among = [start, ...rules.flatMap(([state, , , , next]) => [state, next])];
  const states = [...new Set(among.filter((state) => state !== halt)), halt];
  const numbered = rules.map((_, i) => numberedRule(what, rules, i, symbols, tapes, states));
  for (const [i, rule] of numbered.entries()) {
    if (states[rule.state] === halt)
      throw new RangeError(
        `${what}: ${shown(rules, i)} leaves "${halt}", in which the machine has halted; let another state halt`,
      );
    const other = numbered.findIndex((earlier, j) => j < i && bothApply(earlier, rule));
    if (other >= 0)
      throw new RangeError(
        `${what}: ${shown(rules, other)} and ${shown(rules, i)} apply to the same symbols; a machine has one rule for each`,
      );
  }
  return { symbols, tapes, states, rules: numbered };
}

/** The bits of an input. @throws RangeError for a character that is none */
export function bitsOf(what: string, input: string): readonly (0 | 1)[] {
  return Array.from(input, (bit, i) => {
    if (bit !== "0" && bit !== "1")
      throw new RangeError(`${what}: input is a text of 0 and 1, but character ${i} is "${bit}"`);
    return bit === "1" ? 1 : 0;
  });
}

function numberedRule(
  what: string,
  rules: readonly TuringRule[],
  i: number,
  symbols: string,
  tapes: number,
  states: readonly string[],
): NumberedRule {
  const [state, read, write, move, next, emit] = rules[i]!;
  const numbersOf = (name: string, characters: string, known: string, first: number): number[] => {
    if (characters.length !== tapes)
      throw new RangeError(
        `${what}: ${shown(rules, i)} has ${name} "${characters}"; a machine of ${tapes} tapes needs a character for each`,
      );
    return Array.from(characters, (character) => {
      const number = known.indexOf(character);
      if (number < 0)
        throw new RangeError(
          `${what}: ${shown(rules, i)} has ${name} "${character}", expected one of "${known}"`,
        );
      return number + first;
    });
  };
  return {
    state: states.indexOf(state),
    reads: numbersOf("read", read, `*${symbols}`, -1),
    writes: numbersOf("write", write, `*${symbols}`, -1),
    moves: numbersOf("move", move, "LSR", -1),
    next: states.indexOf(next),
    ...(emit === undefined ? {} : { emit }),
  };
}

function bothApply(a: NumberedRule, b: NumberedRule): boolean {
  const meet = (symbol: number, i: number) => symbol === b.reads[i] || symbol < 0 || b.reads[i]! < 0;
  return a.state === b.state && a.reads.every(meet);
}

function shown(rules: readonly TuringRule[], i: number): string {
  return `rules[${i}] = [${rules[i]!.map((part) => JSON.stringify(part)).join(", ")}]`;
}

const symbolsKind: RequiredKind = kind(
  'a text of different characters, the blank first, "0" and "1" among them, without "*"',
  (value) =>
    typeof value === "string" &&
    new Set(value).size === value.length &&
    /^[^*]+$/u.test(value) &&
    /0/.test(value) &&
    /1/.test(value),
);
const ruleKind: RequiredKind = kind(
  "a rule [state, read, write, move, next], with a bit to emit or without",
  (value) =>
    list.accepts(value) &&
    [5, 6].includes((value as unknown[]).length) &&
    (value as unknown[]).slice(0, 5).every(text.accepts) &&
    [undefined, 0, 1].includes((value as undefined[])[5]),
);
const machineKinds = {
  symbols: symbolsKind,
  tapes: optional(size),
  start: text,
  halt: text,
  rules: listOf(ruleKind, "a list of rules"),
};
