import {
  dynamicMemoryNetwork,
  endToEndMemoryNetwork,
  entityNetwork,
  Key,
  keyValueMemoryNetwork,
  packStories,
  storyVocabulary,
  supervisedMemoryNetwork,
} from "longspan";
import {
  type Arguments,
  argument,
  choice,
  count,
  dtype,
  flag,
  key,
  maybe,
  positive,
  rate,
  settings,
  size,
  text,
  thing,
  tree,
} from "./arguments.js";
import { exempt, type Row, type Rows, row } from "./calls.js";

const question = { sentences: [["a", "b"], ["c"]], question: ["a"], answer: "b", supports: [0] };
const questions = () =>
  argument([question], ["list"], [5], [{ ...question, answer: 5 }], [{ sentences: [["a"]] }]);
const words = 3;
const vocabulary = () => storyVocabulary([question]);
const stories = () => {
  const { structure, sentences, times, questions } = packStories([question], vocabulary());
  return { structure, sentences, times, questions };
};
const network = () => endToEndMemoryNetwork({ vocabulary: words, width: 3, hops: 2 });
const cellMethods = (name: string): Row["methods"] => ({
  init: row({ key: key(), dtype: dtype() }, { says: `${name}.init: ` }),
  trace: row({ dtype: { ...dtype(), mayBeAbsent: false } }, { says: `${name}.trace: ` }),
  start: exempt("inside the start of another cell only: tests/starting-states.test.ts"),
  step: exempt("inside the step of another cell only: tests/cells-of-cells.test.ts"),
});
/** Stories, each part of which is checked, and others are let pass. */
const storiesArgument = () => ({ ...argument(stories(), []), unnamed: true });
const applyOf = (name: string, params: unknown, options: Arguments): Row =>
  row(
    { params: tree(params), stories: storiesArgument(), options: settings(options) },
    { says: `${name}.apply: ` },
  );
const init = (name: string): Row => row({ key: key(), dtype: dtype() }, { says: `${name}.init: ` });

/** Rows of memory networks and of the stories that they read. */
export const memoryNetworkRows: Rows = {
  StoryFormatError: () => exempt("an error"),
  readStories: () => row({ bytes: thing(Uint8Array.from("1 A b.\n", (c) => c.charCodeAt(0))) }),
  storyVocabulary: () =>
    row(
      { questions: questions() },
      { methods: { number: row({ word: text("a") }, { says: "storyVocabulary.number: " }) } },
    ),
  packStories: () =>
    row({
      questions: questions(),
      vocabulary: thing(vocabulary()),
      options: settings({ most: maybe(size(2)), blanks: maybe(rate(0.5)), key: maybe(key()) }),
    }),
  storyTimes: () =>
    row({
      questions: questions(),
      options: settings({ most: maybe(size(2)), blanks: maybe(rate(0.5)), key: maybe(key()) }),
    }),
  wordBags: () =>
    row(
      {
        config: settings({
          vocabulary: size(3),
          width: size(4),
          tables: maybe(size(2)),
          positions: maybe(flag(true)),
          std: maybe({ ...positive(1), wrong: [...positive(1).wrong, Number.POSITIVE_INFINITY] }),
        }),
      },
      { methods: cellMethods("wordBags") },
    ),
  memoryHops: () =>
    row(
      {
        config: settings({
          width: size(3),
          hops: size(2),
          tying: maybe(choice("adjacent")),
          times: maybe(count(4)),
          softmax: maybe(flag(true)),
          weights: maybe(flag(true)),
        }),
      },
      { methods: cellMethods("memoryHops") },
    ),
  endToEndMemoryNetwork: () =>
    row(
      {
        config: settings({
          vocabulary: size(words),
          width: size(3),
          hops: maybe(size(2)),
          tying: maybe(choice("adjacent")),
          positions: maybe(flag(true)),
          longest: maybe(size(3)),
          times: maybe(count(50)),
        }),
      },
      {
        methods: {
          init: init("endToEndMemoryNetwork"),
          apply: applyOf("endToEndMemoryNetwork", network().init(Key.of(1)), {
            softmax: maybe(flag(true)),
            weights: maybe(flag(true)),
          }),
        },
      },
    ),
  supportHops: () =>
    row(
      { config: settings({ width: size(3), times: maybe(count(4)), forced: maybe(flag(true)) }) },
      { methods: cellMethods("supportHops") },
    ),
  attentionGru: () =>
    row(
      { config: settings({ width: size(3), gate: maybe(size(2)) }) },
      { methods: cellMethods("attentionGru") },
    ),
  entityMemory: () =>
    row(
      { config: settings({ width: size(3), entities: size(2) }) },
      { methods: cellMethods("entityMemory") },
    ),
  maskedWords: () =>
    row(
      { config: settings({ vocabulary: size(3), width: size(4), longest: size(2) }) },
      { methods: cellMethods("maskedWords") },
    ),
  entityNetwork: () =>
    row(
      {
        config: settings({
          vocabulary: size(words),
          width: size(3),
          entities: maybe(size(2)),
          longest: maybe(size(4)),
        }),
      },
      {
        methods: {
          init: init("entityNetwork"),
          apply: row(
            {
              params: tree(
                entityNetwork({ vocabulary: words, width: 3, entities: 2, longest: 4 }).init(Key.of(1)),
              ),
              stories: storiesArgument(),
            },
            { says: "entityNetwork.apply: " },
          ),
        },
      },
    ),
  keyValueMemoryNetwork: () =>
    row(
      {
        config: settings({
          vocabulary: size(words),
          width: size(3),
          hops: maybe(size(2)),
          times: maybe(count(4)),
        }),
      },
      {
        methods: {
          init: init("keyValueMemoryNetwork"),
          apply: applyOf(
            "keyValueMemoryNetwork",
            keyValueMemoryNetwork({ vocabulary: words, width: 3, hops: 2, times: 4 }).init(Key.of(1)),
            { softmax: maybe(flag(true)), weights: maybe(flag(true)) },
          ),
        },
      },
    ),
  supervisedMemoryNetwork: () => {
    const params = () => tree(supervisedMemoryNetwork({ vocabulary: words, width: 3 }).init(Key.of(1)));
    return row(
      { config: settings({ vocabulary: size(words), width: size(3), times: maybe(count(50)) }) },
      {
        methods: {
          init: init("supervisedMemoryNetwork"),
          apply: row(
            {
              params: params(),
              stories: storiesArgument(),
              supports: argument([[0]], [], [0], [[-1]], [["0"]], [[0], [1]]),
            },
            { says: "supervisedMemoryNetwork.apply: " },
          ),
          find: row(
            {
              params: params(),
              stories: storiesArgument(),
              hops: argument(1, ["number"], -1, 1.5, [-1], [1, 1]),
            },
            { says: "supervisedMemoryNetwork.find: " },
          ),
        },
      },
    );
  },
  dynamicMemoryNetwork: () =>
    row(
      {
        config: settings({
          vocabulary: size(words),
          width: size(3),
          episodes: maybe(size(2)),
          gate: maybe(size(3)),
        }),
      },
      {
        methods: {
          init: init("dynamicMemoryNetwork"),
          apply: row(
            {
              params: tree(dynamicMemoryNetwork({ vocabulary: words, width: 3 }).init(Key.of(1))),
              stories: storiesArgument(),
            },
            { says: "dynamicMemoryNetwork.apply: " },
          ),
        },
      },
    ),
};
