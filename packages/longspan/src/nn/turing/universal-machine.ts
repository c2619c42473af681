import { type TuringMachine, type TuringRule, turingTable } from "./turing-machine.js";

/**
 * One machine that runs every machine with one tape and the symbols blank, 0 and 1. Its input is the description of a machine
 * (`describeMachine`), followed by that machine's input; it emits what that machine emits, and halts when it halts.
 *
 * It has three tapes. The description moves from the first to the second, which leaves the input on the first: from then on, that is the
 * other machine's tape. The third counts the lines of the description to skip. A step of the other machine takes a number of steps that
 * depends on the description, not on the tape: two ways over the description at most, and a few more.
 *
 * @see Turing (1936), "On computable numbers", section 6
 * @example
 * const input = describeMachine(palindromeChecker()) + "0110";
 * [...turingSteps(universalMachine(), input)].at(-1)!.output // "1"
 */
export function universalMachine(): TuringMachine {
  const bits = ["0", "1"];
  // From tape 1 to tape 2: a line is 1, six bits and the lines to skip after it; 0 ends the description.
  const copy = [1, 2, 3, 4, 5, 6].flatMap((i) =>
    bits.map((b): TuringRule => [`copy${i}`, `${b}**`, `_${b}*`, "RRS", i < 6 ? `copy${i + 1}` : "copySkip"]),
  );
  const skip = [2, 3, 4, 5, 6].map(
    (i): TuringRule => [`skip${i}`, "***", "***", "SRS", i < 6 ? `skip${i + 1}` : "skipSkip"],
  );
  return {
    symbols: "_01",
    tapes: 3,
    start: "copy",
    halt: "halt",
    rules: [
      ["copy", "1**", "_**", "RSS", "copy1"],
      ...copy,
      ["copySkip", "1**", "_1*", "RRS", "copySkip"],
      ["copySkip", "0**", "_0*", "RRS", "copy"],
      ["copy", "0**", "_*1", "RSR", "addScanned"],
      // The line for what is scanned: none further for a blank, one for 0, two for 1.
      ["addScanned", "_**", "***", "SLS", "rewind"],
      ["addScanned", "0**", "**1", "SLR", "rewind"],
      ["addScanned", "1**", "**1", "SSR", "addOne"],
      ["addOne", "***", "**1", "SLR", "rewind"],
      ["rewind", "*0*", "***", "SLS", "rewind"],
      ["rewind", "*1*", "***", "SLS", "rewind"],
      ["rewind", "*_*", "***", "SRL", "count"],
      ["count", "**1", "**_", "SSL", "skip"],
      ["skip", "**1", "**_", "SRL", "skip2"],
      ...skip,
      ["skipSkip", "*1*", "***", "SRS", "skipSkip"],
      ["skipSkip", "*0*", "***", "SRS", "skip"],
      ["skip", "**_", "***", "SSR", "emit"],
      // The line itself: two bits each for what to emit, what to write and how to move.
      ["emit", "*0*", "***", "SRS", "emitNone"],
      ["emitNone", "***", "***", "SRS", "write"],
      ["emit", "*1*", "***", "SRS", "emitBit"],
      ["emitBit", "*0*", "***", "SRS", "write", 0],
      ["emitBit", "*1*", "***", "SRS", "write", 1],
      ["write", "*0*", "***", "SRS", "writeBlank"],
      ["writeBlank", "***", "_**", "SRS", "move"],
      ["write", "*1*", "***", "SRS", "writeBit"],
      ["writeBit", "*0*", "0**", "SRS", "move"],
      ["writeBit", "*1*", "1**", "SRS", "move"],
      ["move", "*0*", "***", "SRS", "moveNot"],
      ["moveNot", "***", "***", "SRS", "next"],
      ["move", "*1*", "***", "SRS", "moveTo"],
      ["moveTo", "*0*", "***", "LRS", "next"],
      ["moveTo", "*1*", "***", "RRS", "next"],
      ["next", "*0*", "***", "SSS", "halt"],
      ["next", "*1*", "**1", "SRR", "nextSkip"],
      ["nextSkip", "*1*", "**1", "SRR", "nextSkip"],
      ["nextSkip", "*0*", "***", "SRS", "addScanned"],
    ],
  };
}

/**
 * A machine written in bits, as `universalMachine` reads it.
 *
 *     description = for each state, the start first, a line for blank, 0 and 1; then 0
 *     line        = 1, emit, write, move, as many 1 as lines to skip and one more, 0
 *     emit, write = 00 for nothing and for the blank, 10 for 0, 11 for 1
 *     move        = 00 to stay, 10 left, 11 right
 *
 * The lines to skip are those before the next state's; none, not even one more, stand for the halt. Where a machine has no rule, its line
 * writes what was read, stays and halts. In a machine whose blank is 0, both lines, for blank and for 0, are that of 0.
 *
 * @throws RangeError for a machine with several tapes, or with other symbols
 * @example describeMachine(busyBeaver(1)) // "1001111010011110100111100": three lines and the end
 */
export function describeMachine(machine: TuringMachine): string {
  const { symbols, tapes, states, rules } = turingTable("describeMachine", machine);
  const foreign = [...symbols].find((symbol, i) => i > 0 && symbol !== "0" && symbol !== "1");
  if (tapes > 1 || foreign !== undefined)
    throw new RangeError(
      `describeMachine: machine has ${tapes > 1 ? `${tapes} tapes` : `the symbol "${foreign}"`}; the universal machine runs those with one tape and the symbols blank, 0 and 1`,
    );
  const symbolCode = (symbol: string) => (symbol === "0" ? "10" : symbol === "1" ? "11" : "00");
  const lines = states.slice(0, -1).flatMap((_, state) =>
    [symbols[0]!, "0", "1"].map((read) => {
      const number = symbols.indexOf(read);
      const rule = rules.find((r) => r.state === state && (r.reads[0] === number || r.reads[0] === -1));
      if (!rule) return `100${symbolCode(read)}000`;
      const { writes, moves, next, emit } = rule;
      const write = symbolCode(writes[0]! < 0 ? read : symbols[writes[0]!]!);
      const move = { "-1": "10", 0: "00", 1: "11" }[moves[0]!];
      const skips = next === states.length - 1 ? "" : "1".repeat(3 * next + 1);
      return `1${emit === undefined ? "00" : `1${emit}`}${write}${move}${skips}0`;
    }),
  );
  return `${lines.join("")}0`;
}
