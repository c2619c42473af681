import { adding, copyVectors, dynamicNGrams, Key, zeros } from "longspan";
import {
  type Arguments,
  argument,
  atLeastZero,
  choice,
  count,
  key,
  maybe,
  positive,
  settings,
  share,
  size,
  thing,
  value,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const lengths = (n: unknown = 100) =>
  argument(n, ["number"], 0, -1, 1.5, Number.NaN, "30", [200, 100], [-1, 5], [30]);
const problem = (args: Arguments, says: string): Row => ({
  ...row(args),
  methods: {
    sample: row({ key: key(), batch: count(0), count: size(2) }, { says }),
    wrong: exempt("see the row of adding"),
  },
});

/** The problems whose sequences are made at random. */
export const problemRows: Rows = {
  adding: () => {
    const batch = adding({ length: 30 }).sample(Key.of(1), 0, 2);
    return row(
      { options: settings({ length: lengths(30), variant: maybe(choice("arjovsky2016")) }) },
      {
        methods: {
          sample: row({ key: key(), batch: count(0), count: size(2) }, { says: "adding-2016.sample: " }),
          wrong: row(
            { outputs: argument([0, 1], [], [1]), batch: thing(batch) },
            { says: "adding-2016.wrong: " },
          ),
        },
      },
    );
  },
  multiplication: () =>
    problem(
      { options: settings({ length: lengths(30), variant: maybe(choice("pascanu2013")) }) },
      "multiplication.sample: ",
    ),
  centred: () =>
    problem(
      { problem: thing(adding({ length: 30 })), options: settings({ sequences: maybe(size(20)) }) },
      "adding.sample: ",
    ),
  mackeyGlass: () =>
    row({
      options: settings({
        length: size(20),
        tau: maybe(positive(17)),
        step: maybe(positive(0.1)),
        every: maybe(size(10)),
        skip: maybe(count(3)),
        key: maybe(key()),
      }),
    }),
  narma: () =>
    row({
      options: settings({ length: size(20), key: key(), order: maybe(argument(5, ["number"], 0, 11, 1.5)) }),
    }),
  lorenz: () =>
    row({
      options: settings({
        length: size(20),
        step: maybe(positive(0.1)),
        substeps: maybe(size(2)),
        skip: maybe(count(3)),
        key: maybe(key()),
      }),
    }),
  copyMemory: () => problem({ options: settings({ length: lengths(10) }) }, "copy-memory.sample: "),
  embeddedReber: () => problem({}, "embedded-reber.sample: "),
  listOps: () =>
    row(
      {
        options: maybe(
          settings({
            operators: maybe(share(0.25)),
            arguments: maybe(argument([2, 5], [], [5, 2], [0, 1], [2], "25")),
            depth: maybe(size(3)),
            symbols: maybe(argument([4, 60], [], [60, 4], [1, 2], [4])),
          }),
        ),
      },
      {
        methods: {
          sample: row({ key: key(), batch: count(0), count: size(2) }, { says: "list-ops.sample: " }),
        },
      },
    ),
  parseListOps: () => row({ text: argument("[MAX 2 9 ]", ["text"], "", "[MAX", "[TOP 2 ]", "2 3") }),
  latch: () =>
    problem({ options: settings({ length: lengths(10), noise: maybe(atLeastZero(0.1)) }) }, "latch.sample: "),
  namedProblem: () => problem({ name: choice("adding"), length: lengths(30) }, "adding.sample: "),
  noiselessMemorisation: () =>
    problem(
      { options: settings({ length: lengths(10), bits: maybe(argument(5, ["number"], 6, "5")) }) },
      "memorisation-5.sample: ",
    ),
  randomPermutation: () => problem({ options: settings({ length: lengths(10) }) }, "permutation.sample: "),
  temporalOrder: () =>
    problem(
      { options: settings({ length: lengths(30), symbols: maybe(argument(3, [], 4, "3")) }) },
      "temporal-order-3.sample: ",
    ),
  temporalOrder1997: () =>
    problem(
      { options: settings({ length: maybe(lengths([100, 110])), symbols: maybe(argument(3, [], 4, "3")) }) },
      "temporal-order-3-1997.sample: ",
    ),
  twoSequences: () =>
    problem(
      { options: settings({ length: lengths(10), informative: maybe(argument(3, [], 4, "3")) }) },
      "two-sequences.sample: ",
    ),
  answerLoss: () => {
    const copy = copyVectors({ length: 2, width: 3 });
    const batch = copy.sample(Key.of(1), 0, 1);
    return row({ problem: thing(copy), outputs: value(zeros([2, 3])), batch: thing(batch) });
  },
  copyVectors: () => problem({ options: copying() }, "copy.sample: "),
  problemLengths: () => row({ name: choice("copy") }),
  nGramOptimum: () =>
    row({
      batch: thing(dynamicNGrams({ length: 9 }).sample(Key.of(1), 0, 2)),
      context: maybe(argument(5, ["number"], 0, 17, 1.5, "5")),
    }),
  repeatCopy: () =>
    problem(
      {
        options: settings({
          length: lengths(3),
          repeats: maybe(lengths(2)),
          scale: maybe(argument([1, 10], ["number"], [0, 3])),
          width: maybe(size(2)),
        }),
      },
      "repeat-copy.sample: ",
    ),
  associativeRecall: () =>
    problem(
      { options: settings({ items: lengths(3), vectors: maybe(size(2)), width: maybe(size(2)) }) },
      "associative-recall.sample: ",
    ),
  dynamicNGrams: () =>
    problem(
      { options: settings({ length: lengths(20), context: maybe(argument(5, ["number"], 0, 17, "5")) }) },
      "n-grams.sample: ",
    ),
  prioritySort: () =>
    problem(
      { options: settings({ length: lengths(5), sorted: maybe(size(2)), width: maybe(size(2)) }) },
      "priority-sort.sample: ",
    ),
  completion: () =>
    problem(
      {
        options: settings({
          length: lengths(3),
          width: maybe(size(2)),
          masked: maybe(argument(0.5, ["number"], -0.1, 1.1, "0.5")),
        }),
      },
      "completion.sample: ",
    ),
  multiQueryRecall: () =>
    problem(
      {
        options: settings({
          pairs: lengths(3),
          steps: maybe(size(20)),
          symbols: maybe(size(8)),
          power: maybe(positive(0.1)),
        }),
      },
      "multi-query-recall.sample: ",
    ),
  parity: () => problem({ options: settings({ length: lengths(3) }) }, "parity.sample: "),
  formalLanguage: () =>
    problem(
      { options: settings({ language: choice("an-bn"), n: lengths(3), strings: maybe(size(2)) }) },
      "an-bn.sample: ",
    ),
  reverseVectors: () => problem({ options: copying() }, "reversal.sample: "),
};

const copying = () =>
  settings({
    length: lengths(3),
    width: maybe(size(2)),
    symbols: maybe(argument(undefined, ["number"], 0, 1.5)),
  });
