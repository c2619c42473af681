import { check, text } from "../../check/index.js";
import {
  bitsOf,
  type NumberedRule,
  type TuringMachine,
  type TuringTable,
  turingTable,
} from "./turing-machine.js";

/** A tape as it stands, without the blanks beyond what was written. */
export interface TuringTape {
  /** What is left of the head, from left to right. */
  readonly left: string;
  /** What the head reads. */
  readonly scanned: string;
  /** What is right of the head, from left to right. */
  readonly right: string;
}

/** What a machine is in between two steps: with it and the table, all that follows is settled. */
export interface TuringConfiguration {
  readonly state: string;
  readonly tapes: readonly TuringTape[];
  /** The bits that were emitted up to here. */
  readonly output: string;
}

/**
 * Runs a Turing machine the plain way, a step at a time: its configuration at the start, and after each step up to the one in which it
 * halts. A machine that does not halt goes on for as long as one asks.
 *
 * @param machine by its table
 * @param input the bits on the first tape, a text of 0 and 1
 * @throws RangeError for a machine or an input that is none, and where no rule applies
 * @example
 * const configurations = [...turingSteps(busyBeaver(2), "")];
 * configurations.length // 7: the start and six steps
 * configurations.at(-1)!.tapes[0] // { left: "1", scanned: "1", right: "11" }
 */
export function turingSteps(machine: TuringMachine, input: string): Generator<TuringConfiguration> {
  const table = turingTable("turingSteps", machine);
  check("turingSteps", "input", input, text);
  bitsOf("turingSteps", input);
  return steps(table, input);
}

function* steps(
  { symbols, tapes, states, rules }: TuringTable,
  input: string,
): Generator<TuringConfiguration> {
  const written = Array.from({ length: tapes }, (_, i) => new Tape(symbols[0]!, i === 0 ? input : ""));
  let [state, output] = [0, ""];
  for (;;) {
    yield { state: states[state]!, tapes: written.map((tape) => tape.shown()), output };
    if (state === states.length - 1) return;
    const scanned = written.map((tape) => symbols.indexOf(tape.scanned));
    const rule = rules.find((r) => r.state === state && r.reads.every((s, i) => s < 0 || s === scanned[i]));
    if (!rule) throw noRule(states[state]!, written.map((tape) => tape.scanned).join(""));
    for (const [i, tape] of written.entries()) apply(rule, i, tape, symbols);
    output += rule.emit ?? "";
    state = rule.next;
  }
}

/** What is said where a machine, or the net that is one, cannot go on. */
export function noRule(state: string, scanned: string): RangeError {
  return new RangeError(
    `the machine has no rule for "${scanned}" in state "${state}", and that is not where it halts; add one to its table`,
  );
}

function apply({ writes, moves }: NumberedRule, i: number, tape: Tape, symbols: string): void {
  if (writes[i]! >= 0) tape.scanned = symbols[writes[i]!]!;
  tape.head += moves[i]!;
}

/** A tape by its cells: those at 0 and beyond, and those below 0. */
class Tape {
  head = 0;
  private readonly from: string[];
  private readonly below: string[] = [];

  constructor(
    private readonly blank: string,
    input: string,
  ) {
    this.from = [...input];
  }

  get scanned(): string {
    return this.at(this.head);
  }

  set scanned(symbol: string) {
    const [cells, i] = this.head < 0 ? [this.below, -1 - this.head] : [this.from, this.head];
    while (cells.length < i) cells.push(this.blank);
    cells[i] = symbol;
  }

  shown(): TuringTape {
    let [first, end] = [Math.min(-this.below.length, this.head), Math.max(this.from.length, this.head + 1)];
    while (first < this.head && this.at(first) === this.blank) first++;
    while (end > this.head + 1 && this.at(end - 1) === this.blank) end--;
    const text = (from: number, to: number) => {
      let all = "";
      for (let i = from; i < to; i++) all += this.at(i);
      return all;
    };
    return { left: text(first, this.head), scanned: this.scanned, right: text(this.head + 1, end) };
  }

  private at(i: number): string {
    return (i < 0 ? this.below[-1 - i] : this.from[i]) ?? this.blank;
  }
}
