import { check, oneOf } from "../../check/index.js";
import type { TuringMachine, TuringRule } from "./turing-machine.js";

/**
 * The busy beaver with so many states: of all two-symbol machines of that size that halt on an empty tape, it writes the most ones.
 *
 *     states   1   2   3   4
 *     steps    1   6  14  107
 *     ones     1   4   6   13
 *
 * Its blank is 0. State A is the start.
 *
 * @see Rado (1962), "On non-computable functions"; Brady (1983), "The determination of the value of Rado's noncomputable function
 * Sigma(k) for four-state Turing machines"
 * @example [...turingSteps(busyBeaver(4), "")].length - 1 // 107 steps
 */
export function busyBeaver(states: 1 | 2 | 3 | 4): TuringMachine {
  check("busyBeaver", "states", states, oneOf(1, 2, 3, 4));
  // For each state, what is done on 0 and on 1: what is written, the move, and the next state, H for the halt.
  const table = { 1: ["1RH 1RH"], 2: ["1RB 1LB", "1LA 1RH"], 3: ["1RB 1RH", "0RC 1RB", "1LC 1LA"] }[
    states as 1
  ] ?? ["1RB 1LB", "1LA 0LC", "1RH 1LD", "1RD 0RA"];
  const rules = table.flatMap((line, state) =>
    line
      .split(" ")
      .map((does, read): TuringRule => ["ABCD"[state]!, `${read}`, does[0]!, does[1]!, does[2]!]),
  );
  return { symbols: "01", start: "A", halt: "H", rules };
}

/**
 * A machine that adds. Its input is two numbers of n bits each, highest bit first, bit by bit in turn: a b a b. It walks to the end,
 * adds on the way back, in place, and emits the n + 1 bits of the sum, highest first, on its second way to the end. It takes 6 n + 3 steps.
 *
 * @example
 * // 3 + 1: a = 11, b = 01
 * [...turingSteps(binaryAdder(), "1011")].at(-1)!.output // "100"
 */
export function binaryAdder(): TuringMachine {
  return {
    symbols: "_01",
    start: "toEnd",
    halt: "halt",
    rules: [
      ["toEnd", "0", "0", "R", "toEnd"],
      ["toEnd", "1", "1", "R", "toEnd"],
      ["toEnd", "_", "_", "L", "carry0"],
      // The bit of b: the state keeps carry + b.
      ["carry0", "0", "0", "L", "sum0"],
      ["carry0", "1", "1", "L", "sum1"],
      ["carry1", "0", "0", "L", "sum1"],
      ["carry1", "1", "1", "L", "sum2"],
      // The bit of a, which the sum's takes the place of.
      ["sum0", "0", "0", "L", "carry0"],
      ["sum0", "1", "1", "L", "carry0"],
      ["sum1", "0", "1", "L", "carry0"],
      ["sum1", "1", "0", "L", "carry1"],
      ["sum2", "0", "0", "L", "carry1"],
      ["sum2", "1", "1", "L", "carry1"],
      ["carry0", "_", "0", "R", "sumBit", 0],
      ["carry1", "_", "1", "R", "sumBit", 1],
      ["sumBit", "0", "0", "R", "bitOfB", 0],
      ["sumBit", "1", "1", "R", "bitOfB", 1],
      ["sumBit", "_", "_", "S", "halt"],
      ["bitOfB", "0", "0", "R", "sumBit"],
      ["bitOfB", "1", "1", "R", "sumBit"],
    ],
  };
}

/**
 * A machine that emits 1 if its input reads the same from both ends, and 0 if it does not. It erases the first bit, walks to the end,
 * compares and erases the last, walks back, and begins again: of n bits that do, in (n + 1)(n + 2) / 2 steps.
 *
 * @example [...turingSteps(palindromeChecker(), "0110")].at(-1)!.output // "1"
 */
export function palindromeChecker(): TuringMachine {
  const walks: TuringRule[] = ["0", "1"].flatMap((bit): TuringRule[] => {
    const [toEnd, compare, other] = [`toEnd${bit}`, `compare${bit}`, bit === "0" ? "1" : "0"];
    return [
      ["first", bit, "_", "R", toEnd],
      [toEnd, "0", "0", "R", toEnd],
      [toEnd, "1", "1", "R", toEnd],
      [toEnd, "_", "_", "L", compare],
      [compare, bit, "_", "L", "back"],
      [compare, other, other, "S", "halt", 0],
      // Nothing is left: the bit was the one in the middle.
      [compare, "_", "_", "S", "halt", 1],
    ];
  });
  return {
    symbols: "_01",
    start: "first",
    halt: "halt",
    rules: [
      ["first", "_", "_", "S", "halt", 1],
      ...walks,
      ["back", "0", "0", "L", "back"],
      ["back", "1", "1", "L", "back"],
      ["back", "_", "_", "R", "first"],
    ],
  };
}
