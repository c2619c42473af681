import {
  additiveAddressing,
  chain,
  embedding,
  encoderDecoder,
  gru,
  Key,
  languageModel,
  languageSteps,
  recurrent,
  stacked,
  zeros,
} from "longspan";
import {
  argument,
  atLeastZero,
  choice,
  count,
  func,
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

const model = () => languageModel({ vocabulary: 5, features: 3, hidden: 4 });
const params = () => model().init(Key.of(1));
const steps = () => thing(languageSteps(model(), params()));
const translator = () =>
  encoderDecoder({
    encoder: stacked([embedding({ vocabulary: 5, features: 3 }), recurrent(gru({ input: 3, hidden: 4 }))]),
    cell: gru,
    hidden: 4,
    reads: embedding({ vocabulary: 5, features: 3 }),
    output: 5,
    attention: { addressing: additiveAddressing({ size: 4 }) },
  });
const sequences = () => argument([[1, 2]], ["list"], [5], ["x"], [null]);
const limits = () => ({
  length: count(3),
  end: maybe(count(0)),
  atLeast: maybe(count(0)),
  candidates: maybe(argument([[1, 2]], ["function", "list"], [5], ["x"])),
});
const sampling = () => ({
  temperature: maybe(atLeastZero(1)),
  topK: maybe(size(2)),
  topP: maybe(share(0.9)),
  exclude: maybe(argument([3], ["list"], [-1], ["x"])),
});
/** What decodes hands a step model its own states, and symbols of its own. */
const driven = exempt("called by what decodes");
const stepMethods = { start: row({}), step: driven, select: driven } satisfies Row["methods"];

export const decodingRows: Rows = {
  languageSteps: () =>
    row(
      {
        model: thing(model()),
        params: argument(params(), ["record", "list"]),
        options: settings({
          sequences: maybe(size(1)),
          inputs: maybe(argument({}, ["record", "list"])),
          sets: maybe(argument({}, ["record"])),
          prompts: maybe(argument([[1]], [], [], [5], [[9]], [["x"]])),
        }),
      },
      {
        methods: {
          ...stepMethods,
          copy: driven,
          dispose: row({}),
          ...Object.fromEntries(
            ["went", "bring", "replaceRows", "checkPrompts"].map((name) => [name, exempt("private")]),
          ),
        },
      },
    ),
  encoderDecoderSteps: () =>
    row(
      {
        model: thing(translator()),
        params: argument(translator().init(Key.of(1)), ["record", "list"]),
        sources: argument([[1, 2]], ["list", "record"], [], [["x"]], [5]),
        settings: settings({ begin: maybe(count(0)), reads: maybe(func((y: unknown) => y)) }),
      },
      { methods: { ...stepMethods, release: driven } },
    ),
  alignments: () =>
    row({
      model: thing(translator()),
      params: argument(translator().init(Key.of(1)), ["record", "list"]),
      sources: argument([[1, 2]], ["list", "record"], [], [["x"]], [5]),
      sequences: sequences(),
      settings: settings({
        begin: maybe(count(0)),
        reads: maybe(func((y: unknown) => y)),
        of: maybe(argument([0], [], [-1], ["x"])),
      }),
    }),
  greedy: () => row({ model: steps(), limits: settings(limits()) }),
  sampleSequences: () =>
    row({ model: steps(), settings: settings({ key: key(), ...limits(), ...sampling() }) }),
  beamSearch: () =>
    row({
      model: steps(),
      settings: settings({
        ...limits(),
        width: size(2),
        best: maybe(size(2)),
        lengthNormalisation: maybe(atLeastZero(1)),
      }),
    }),
  scoreSequences: () =>
    row({
      model: steps(),
      sequences: sequences(),
      settings: settings({ end: maybe(count(0)), of: maybe(argument([0], [], [-1], ["x"])) }),
    }),
  ctcBestPath: () =>
    row({
      logits: value(zeros([3, 3])),
      frames: thing(chain([3])),
      settings: settings({ blank: maybe(count(0)) }),
    }),
  ctcBeamSearch: () =>
    row({
      logProbabilities: value(zeros([4, 3])),
      settings: settings({ blank: maybe(count(0)), width: maybe(size(4)), best: maybe(size(2)) }),
    }),
  imputeByGibbs: () =>
    row({
      model: steps(),
      symbols: argument([1, null], ["list"], ["x"], [9]),
      settings: settings({ key: key(), sweeps: size(2), burnIn: maybe(count(0)), chains: maybe(size(1)) }),
    }),
  imputeByParticles: () =>
    row({
      model: steps(),
      symbols: argument([1, null], ["list"], ["x"], [9]),
      settings: settings({ key: key(), particles: size(3) }),
    }),
  markovModel: () =>
    row(
      {
        texts: sequences(),
        settings: settings({
          order: count(2),
          vocabulary: size(5),
          end: maybe(count(0)),
          smoothing: maybe(choice("additive")),
          added: maybe(positive(1)),
        }),
      },
      {
        methods: {
          distribution: row({ before: argument([1, 2], ["list"]) }, { says: "MarkovModel.distribution: " }),
          steps: row(
            { prompts: maybe(argument([[1]], ["list"], [5], ["x"], [[9]])) },
            { says: "MarkovModel.steps: ", methods: stepMethods },
          ),
        },
      },
    ),
};
