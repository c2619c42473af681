import { busyBeaver, palindromeChecker, type TuringMachine, turingNetwork } from "longspan";
import { argument, choice, count, maybe, settings, size, text, thing } from "./arguments.js";
import { type Rows, row } from "./calls.js";

const machine = ({ symbols, tapes = 1, start, halt, rules }: TuringMachine = busyBeaver(1)) =>
  settings({
    symbols: argument(symbols, [], "", "ab", "011", "01*"),
    tapes: maybe(size(tapes)),
    start: text(start),
    halt: text(halt),
    rules: argument(
      rules,
      ["list"],
      [["A"]],
      [["A", "0", "0", "R", 7]],
      [["A", "0", "0", "R", "H", 2]],
      [["A", "00", "0", "R", "H"]],
      [["A", "0", "0", "X", "H"]],
      [[halt, "0", "0", "R", "A"]],
    ),
  });
const input = (bits = "") => argument(bits, ["text"], "012", "ab", ["0", "1"]);

/** Turing machines, and nets that are. */
export const turingRows: Rows = {
  busyBeaver: () => row({ states: choice(1) }),
  binaryAdder: () => row({}),
  palindromeChecker: () => row({}),
  universalMachine: () => row({}),
  describeMachine: () => row({ machine: machine() }),
  turingSteps: () => row({ machine: machine(), input: input() }),
  turingNetwork: () =>
    row(
      { machine: machine(palindromeChecker()) },
      {
        methods: {
          configurations: row({ input: input() }, { says: "turingNetwork.configurations: " }),
          run: row(
            { input: input("01"), options: maybe(settings({ steps: maybe(count(100)) })) },
            { says: "turingNetwork.run: " },
          ),
        },
      },
    ),
  turingCell: () =>
    row({
      network: thing(turingNetwork(busyBeaver(1))),
      options: maybe(settings({ dtype: maybe(choice("float64")) })),
    }),
};
