import {
  binaryAdder,
  busyBeaver,
  describeMachine,
  palindromeChecker,
  type TuringMachine,
  type TuringRule,
  turingNetwork,
  turingSteps,
  universalMachine,
} from "longspan";
import { describe, expect, it, test } from "vitest";

const lastOf = (machine: TuringMachine, input: string) => {
  const all = [...turingSteps(machine, input)];
  return { ...all.at(-1)!, steps: all.length - 1 };
};

describe("busy beavers", () => {
  it.each([
    [1, 1, 1],
    [2, 6, 4],
    [3, 14, 6],
    [4, 107, 13],
  ] as const)("the one of %i states takes %i steps and writes %i ones", (states, steps, ones) => {
    const { tapes, ...found } = lastOf(busyBeaver(states), "");
    const { left, scanned, right } = tapes[0]!;
    expect(found).toEqual({ state: "H", output: "", steps });
    expect([...(left + scanned + right)].filter((symbol) => symbol === "1").length).toBe(ones);
  });
});

test("the adder adds all numbers of up to four bits, in 6 n + 3 steps", () => {
  for (let n = 0; n <= 4; n++)
    for (let a = 0; a < 2 ** n; a++)
      for (let b = 0; b < 2 ** n; b++) {
        const bits = (x: number, length: number) => (length === 0 ? "" : x.toString(2).padStart(length, "0"));
        const input = Array.from(bits(a, n), (bit, i) => bit + bits(b, n)[i]!).join("");
        const { output, steps } = lastOf(binaryAdder(), input);
        expect([output, steps]).toEqual([bits(a + b, n + 1), 6 * n + 3]);
      }
});

test("the palindrome checker knows all palindromes of up to nine bits", () => {
  for (let n = 0; n <= 9; n++)
    for (let x = 0; x < 2 ** n; x++) {
      const input = n === 0 ? "" : x.toString(2).padStart(n, "0");
      const reads = input === [...input].reverse().join("");
      const { output, steps } = lastOf(palindromeChecker(), input);
      expect(output).toBe(reads ? "1" : "0");
      if (reads) expect(steps).toBe(((n + 1) * (n + 2)) / 2);
    }
});

describe("the universal machine", () => {
  const cases: readonly (readonly [string, TuringMachine, string])[] = [
    ["busy beaver 1", busyBeaver(1), ""],
    ["busy beaver 2", busyBeaver(2), ""],
    ["busy beaver 3", busyBeaver(3), ""],
    ["busy beaver 4", busyBeaver(4), ""],
    ["adder", binaryAdder(), "11011001"],
    ["adder of nothing", binaryAdder(), ""],
    ["palindrome", palindromeChecker(), "01010"],
    ["no palindrome", palindromeChecker(), "0100"],
  ];
  it.each(cases)("is each machine, step for step: %s", (_, machine, input) => {
    const description = describeMachine(machine);
    // Its first tape is the other machine's whenever it looks for the line of what is scanned there.
    const asTheOther = [...turingSteps(universalMachine(), description + input)]
      .filter(({ state }) => state === "addScanned" || state === "halt")
      .map(({ tapes, output }) => ({ tape: blanksOf(machine, tapes[0]!), output }));
    const itself = [...turingSteps(machine, input)].map(({ tapes, output }) => ({
      tape: blanksOf(machine, tapes[0]!),
      output,
    }));
    expect(asTheOther).toEqual(itself);
  });

  it("takes a number of steps for one of the other machine that does not depend on its tape", () => {
    const description = describeMachine(palindromeChecker());
    for (const n of [0, 5, 10]) {
      const input = "0".repeat(n);
      const { steps } = lastOf(universalMachine(), description + input);
      const other = lastOf(palindromeChecker(), input).steps;
      expect(steps).toBeLessThan(description.length + 2 + 2 * (other + 1) * description.length);
    }
  });

  it("runs where a rule is missing, and halts there", () => {
    const machine = { symbols: "_01", start: "a", halt: "h", rules: [] as TuringRule[] };
    const one: TuringMachine = { ...machine, rules: [["a", "0", "1", "R", "a", 1]] };
    const { state, output, tapes } = lastOf(universalMachine(), `${describeMachine(one)}001`);
    expect([state, output, tapes[0]]).toEqual(["halt", "11", { left: "11", scanned: "1", right: "" }]);
  });

  it("describes machines with one tape and three symbols", () => {
    expect(describeMachine(busyBeaver(1))).toBe("1001111010011110100111100");
    expect(() => describeMachine(universalMachine())).toThrow(
      new RangeError(
        "describeMachine: machine has 3 tapes; the universal machine runs those with one tape and the symbols blank, 0 and 1",
      ),
    );
    expect(() => describeMachine({ ...busyBeaver(1), symbols: "_01x" })).toThrow(
      new RangeError(
        'describeMachine: machine has the symbol "x"; the universal machine runs those with one tape and the symbols blank, 0 and 1',
      ),
    );
  });
});

/** A tape in which the other machine's blank is written as the blank: a machine of two symbols has 0 for it. */
function blanksOf({ symbols }: TuringMachine, tape: { left: string; scanned: string; right: string }) {
  if (symbols[0] === "_") return tape;
  const blank = (text: string) => text.replaceAll("0", "_");
  return {
    left: blank(tape.left).replace(/^_+/, ""),
    scanned: blank(tape.scanned),
    right: blank(tape.right).replace(/_+$/, ""),
  };
}

describe("a machine that is none", () => {
  const machine: TuringMachine = {
    symbols: "_01",
    start: "a",
    halt: "h",
    rules: [["a", "*", "*", "R", "h"]],
  };
  const wrong = (rules: TuringRule[]) => () => turingNetwork({ ...machine, rules });
  it("is refused by what is wrong with it", () => {
    expect(
      wrong([
        ["a", "*", "1", "R", "h"],
        ["a", "0", "0", "R", "a"],
      ]),
    ).toThrow(
      new RangeError(
        'turingNetwork: rules[0] = ["a", "*", "1", "R", "h"] and rules[1] = ["a", "0", "0", "R", "a"] apply to the same symbols; a machine has one rule for each',
      ),
    );
    expect(wrong([["h", "0", "0", "R", "a"]])).toThrow(
      new RangeError(
        'turingNetwork: rules[0] = ["h", "0", "0", "R", "a"] leaves "h", in which the machine has halted; let another state halt',
      ),
    );
    expect(wrong([["a", "00", "0", "R", "a"]])).toThrow(
      new RangeError(
        'turingNetwork: rules[0] = ["a", "00", "0", "R", "a"] has read "00"; a machine of 1 tapes needs a character for each',
      ),
    );
    expect(wrong([["a", "0", "0", "X", "a"]])).toThrow(
      new RangeError(
        'turingNetwork: rules[0] = ["a", "0", "0", "X", "a"] has move "X", expected one of "LSR"',
      ),
    );
    expect(() => turingNetwork({ ...machine, symbols: "ab" })).toThrow(
      'turingNetwork: machine: symbols is a text of different characters, the blank first, "0" and "1" among them, without "*", got "ab"',
    );
  });

  it("is found where no rule applies, by the plain run and by the net", () => {
    const stuck: TuringMachine = {
      ...machine,
      rules: [
        ["a", "1", "1", "R", "b"],
        ["b", "1", "1", "R", "h"],
      ],
    };
    const message =
      'the machine has no rule for "0" in state "b", and that is not where it halts; add one to its table';
    expect(() => [...turingSteps(stuck, "10")]).toThrow(new RangeError(message));
    expect(() => turingNetwork(stuck).run("10")).toThrow(new RangeError(message));
    expect(() => turingSteps(stuck, "1x")).toThrow(
      new RangeError('turingSteps: input is a text of 0 and 1, but character 1 is "x"'),
    );
  });

  it("that never halts is stopped", () => {
    const endless: TuringMachine = { ...machine, rules: [["a", "*", "*", "R", "a"]] };
    expect(() => turingNetwork(endless).run("", { steps: 50 })).toThrow(
      new RangeError(
        "turingNetwork.run: the machine has not halted after 50 steps; give it more with steps, or look at its configurations()",
      ),
    );
  });
});
