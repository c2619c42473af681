import {
  binaryAdder,
  busyBeaver,
  chain,
  describeMachine,
  matmul,
  onCpu,
  palindromeChecker,
  type TuringConfiguration,
  type TuringMachine,
  type TuringNetwork,
  tensor,
  turingCell,
  turingNetwork,
  turingSteps,
  unfold,
  universalMachine,
} from "longspan";
import { describe, expect, it, test } from "vitest";

/** Whole numbers from 0 to below a bound, always the same. */
function randomNumbers(): (below: number) => number {
  let state = 12345;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The net's configurations are the machine's, and stand where they should: after n steps that read, 7 more, and 4 for each. */
function isTheMachine(network: TuringNetwork, input: string): void {
  const plain = turingSteps(network.machine, input);
  let steps = 0;
  for (const found of network.configurations(input)) {
    const { time, ...configuration } = found;
    const expected = plain.next().value;
    // Most of the time goes into this otherwise.
    if (!sameConfiguration(found, expected)) expect(configuration).toEqual(expected);
    if (time !== input.length + 7 + 4 * steps) expect(time).toBe(input.length + 7 + 4 * steps);
    steps++;
  }
  expect(plain.next().done).toBe(true);
}

function sameConfiguration(a: TuringConfiguration, b: TuringConfiguration): boolean {
  return (
    a.state === b.state &&
    a.output === b.output &&
    a.tapes.length === b.tapes.length &&
    a.tapes.every(({ left, scanned, right }, i) => {
      const other = b.tapes[i]!;
      return left === other.left && scanned === other.scanned && right === other.right;
    })
  );
}

describe("nets in exact arithmetic", () => {
  it.each([1, 2, 3, 4] as const)("the busy beaver of %i states", (states) => {
    isTheMachine(turingNetwork(busyBeaver(states)), "");
  });

  it("the one of four states halts after 107 steps with 13 ones, at step 7 + 4 * 107 of the net", () => {
    const { steps, time, tapes } = turingNetwork(busyBeaver(4)).run("");
    expect([steps, time]).toEqual([107, 435]);
    expect(tapes).toEqual([{ left: "1", scanned: "0", right: "1".repeat(12) }]);
  });

  const below = randomNumbers();
  const bits = (n: number) => Array.from({ length: n }, () => below(2)).join("");

  test("the adder, on 10,000 random inputs", () => {
    const network = turingNetwork(binaryAdder());
    for (let i = 0; i < 10_000; i++) isTheMachine(network, bits(2 * below(5)));
  }, 60_000);

  test("the palindrome checker, on 10,000 random inputs", () => {
    const network = turingNetwork(palindromeChecker());
    for (let i = 0; i < 10_000; i++) {
      const half = bits(below(5));
      // As good as no random text is a palindrome.
      isTheMachine(network, i % 2 === 0 ? half + [...half].reverse().join("") : bits(below(10)));
    }
  }, 60_000);

  it("holds with tapes that are longer than any float", () => {
    const half = bits(40);
    isTheMachine(turingNetwork(palindromeChecker()), half + [...half].reverse().join(""));
    isTheMachine(turingNetwork(binaryAdder()), bits(200));
  });

  it("holds for moves that stay, for rules that leave what they read, and for several tapes", () => {
    // Copies its input to the second tape, marks both ends, and goes back on one of them.
    const machine: TuringMachine = {
      symbols: "_01x",
      tapes: 2,
      start: "copy",
      halt: "halt",
      rules: [
        ["copy", "0*", "*0", "RR", "copy", 0],
        ["copy", "1*", "*1", "RR", "copy", 1],
        ["copy", "_*", "xx", "SL", "back"],
        ["back", "x0", "**", "SL", "back"],
        ["back", "x1", "0*", "LS", "on"],
        ["back", "x_", "*x", "SS", "halt", 1],
        ["on", "0*", "**", "RL", "again"],
        ["on", "1*", "**", "RL", "again"],
        ["again", "0*", "x*", "SS", "back"],
      ],
    };
    const network = turingNetwork(machine);
    for (const input of ["", "0", "1", "0110", "100101"]) isTheMachine(network, input);
  });
});

describe("the universal net", () => {
  const network = turingNetwork(universalMachine());

  it("has fewer units than the 886 of Siegelmann and Sontag", () => {
    expect(network.weights.units.length).toBe(322);
  });

  it.each([
    ["busy beaver 2", busyBeaver(2), ""],
    ["palindrome", palindromeChecker(), "010"],
    ["adder", binaryAdder(), "11"],
  ] as const)("is the universal machine, step for step: %s", (_, machine, input) => {
    isTheMachine(network, describeMachine(machine) + input);
  });

  it("runs the busy beaver of four states", () => {
    const { tapes, time, steps } = network.run(describeMachine(busyBeaver(4)));
    expect(tapes[0]).toEqual({ left: "1", scanned: "0", right: "1".repeat(12) });
    expect([steps, time]).toEqual([16_484, 149 + 7 + 4 * 16_484]);
  }, 60_000);
});

describe("its weights", () => {
  const { weights, base } = turingNetwork(busyBeaver(2));
  it("are rational: whole, or a fraction with the base below", () => {
    const all = [...weights.U.flat(), ...weights.W.flat(), ...weights.b, ...weights.initial];
    expect(base).toBe(4);
    for (const { denominator } of all) expect([1n, 2n, 4n]).toContain(denominator);
  });

  it("have no bias above zero, so that a unit rests while its layer does", () => {
    for (const { numerator } of weights.b) expect(numerator <= 0n).toBe(true);
  });
});

describe("the same weights in floating point", () => {
  /** Walks to the end of its ones and back, and emits a 1 for each on the way back. */
  const thereAndBack: TuringMachine = {
    symbols: "01",
    start: "there",
    halt: "halt",
    rules: [
      ["there", "1", "1", "R", "there"],
      ["there", "0", "0", "L", "back"],
      ["back", "1", "1", "L", "back", 1],
      ["back", "0", "0", "S", "halt", 0],
    ],
  };

  /** What the cell emits in the steps in which the exact net halts. */
  function emittedByCell(network: TuringNetwork, input: string, dtype: "float32" | "float64"): string {
    const { time } = network.run(input);
    const { cell, params, initial, V } = turingCell(network, { dtype });
    const x = tensor(
      Array.from({ length: time }, (_, t) => (t < input.length ? [Number(input[t]), 1] : [0, 0])),
      dtype,
    );
    const { output } = unfold(cell, params, { x }, chain([time]), { initial });
    const o = onCpu(matmul(output, V)).toArray();
    let emitted = "";
    for (let t = 0; t < time; t++) if (o[2 * t + 1]! > 0.5) emitted += o[2 * t]! > 0.5 ? 1 : 0;
    return emitted;
  }

  it.each([
    ["float32", 11],
    ["float64", 26],
  ] as const)("are the machine in base 4 as long as %s holds the stack: %i symbols", (dtype, most) => {
    const network = turingNetwork(thereAndBack);
    for (const n of [1, 5, most]) {
      expect(network.run("1".repeat(n)).output).toBe(`${"1".repeat(n)}0`);
      expect(emittedByCell(network, "1".repeat(n), dtype)).toBe(`${"1".repeat(n)}0`);
    }
    expect(emittedByCell(network, "1".repeat(most + 1), dtype)).not.toBe(`${"1".repeat(most + 1)}0`);
  });

  it("are right in base 6 for shorter tapes only: a sixth is rounded, and each pop makes the error six times as large", () => {
    const network = turingNetwork(binaryAdder());
    const right = (n: number) => {
      const input = "1".repeat(2 * n);
      return emittedByCell(network, input, "float64") === network.run(input).output;
    };
    expect([1, 2, 3, 4, 5, 6].map(right)).toEqual([true, true, true, true, false, false]);
  });
});
