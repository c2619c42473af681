// The tasks: a model around an arm's cell with about so many parameters, what is trained, and how it is scored on fresh data.

import { readFileSync } from "node:fs";
import {
  adding,
  centred,
  characterVocabulary,
  evaluateSynthetic,
  evaluateText,
  Key,
  languageModel,
  leaves,
  recurrent,
  sequenceModel,
  splitText,
  syntheticTask,
  temporalOrder,
  textStreams,
  textTask,
} from "longspan";

/** Of all models, about; each arm has as many units as come nearest. */
const parameters = { synthetic: 11_000, text: 150_000 };

export const tasks = {
  "temporal order": {
    measure: "share of wrong sequences",
    make: (arm) => synthetic(temporalOrder({ length: 100 }), arm, 0.01),
  },
  adding: {
    measure: "share of wrong sequences",
    make: (arm) => synthetic(adding({ length: 80 }), arm, 0.001),
  },
  text: { measure: "nats per character", make: (arm, file) => characters(file, arm) },
};

function synthetic(plain, { cell, batch, curvature = batch }, inputScale) {
  // The momentum arm needs inputs and answers without their mean; the same problem is given to all.
  const problem = centred(plain);
  const { input, output } = problem;
  const model = sized(parameters.synthetic, (hidden) =>
    sequenceModel({ layer: recurrent(cell({ input, hidden }, inputScale)), features: hidden, output }),
  );
  return {
    ...model,
    task: (key) => syntheticTask(model.model, problem, { key, batch, curvature }),
    judge: async (params, key) => {
      const { wrong, sequences } = await evaluateSynthetic(model.model, params, problem, {
        key,
        sequences: 1000,
      });
      return wrong / sequences;
    },
  };
}

function characters(file, { cell, streams: count }) {
  const text = readFileSync(file, "utf8");
  const vocabulary = characterVocabulary(text);
  const { train, valid } = splitText(vocabulary.encode(text), 0.1);
  const streams = textStreams(train, { streams: count, steps: 64 });
  const held = valid.subarray(0, 20_000);
  const model = sized(parameters.text, (hidden) =>
    languageModel({
      vocabulary: vocabulary.size,
      features: 32,
      hidden,
      cell: ({ input, hidden }) => recurrent(cell({ input, hidden }, 0.1)),
    }),
  );
  return {
    ...model,
    task: () => textTask(model.model, streams),
    judge: async (params) => (await evaluateText(model.model, params, held)).nats,
  };
}

/** The model whose number of parameters is nearest to `wanted`. */
function sized(wanted, make) {
  const counted = (hidden) => {
    const params = make(hidden).init(Key.of(0));
    const count = leaves(params).reduce((n, p) => n + p.size, 0);
    for (const p of leaves(params)) p.dispose();
    return count;
  };
  // A polynomial of degree two in the units, so three small models tell all: a large one takes long to start.
  const [one, two, three] = [1, 2, 3].map(counted);
  const at = (n) => one + (n - 1) * (two - one) + (((n - 1) * (n - 2)) / 2) * (three - 2 * two + one);
  let hidden = 1;
  while (Math.abs(at(hidden + 1) - wanted) < Math.abs(at(hidden) - wanted)) hidden += 1;
  return { model: make(hidden), hidden, parameters: at(hidden) };
}
