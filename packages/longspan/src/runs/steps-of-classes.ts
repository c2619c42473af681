import { type AnyLayer, type AnySequenceLayer, embedding, linear, recurrent, stacked } from "../nn/index.js";
import { surrounded } from "../nn/layers/surrounded.js";
import { predictionOf } from "../tasks/classification/classification-predictor.js";
import { runningMean } from "../tasks/classification/running-mean.js";
import { inputInWords, sequenceReader, symbolsOf } from "../tasks/classification/sequence-encoding.js";
import type { OpenedClassifyRun } from "./classify-run.js";
import type { RunTalk } from "./run-talk.js";

/** Streams of runs on classes: after each piece, the class of all that was read. Null where sequences are read in both directions. */
export function classTalk({ config, encoding, params, net }: OpenedClassifyRun): RunTalk | null {
  const layer = net!.model;
  if (!layer.forward) return null;
  const { input, labels } = encoding;
  const isText = input.kind === "text";
  const features = layer.features!;
  const isMean = config.settings.read === "mean";
  const inner = isMean ? stacked([layer, recurrent(runningMean({ features }))]) : layer;
  type Params = { readonly symbols: unknown; readonly layer: unknown; readonly readout: unknown };
  const table = isText
    ? embedding({ vocabulary: symbolsOf(input), features: config.settings.features as number })
    : null;
  const model = surrounded<Params, unknown>("runSteps", {
    ...(table ? { before: ["symbols", table as AnyLayer] as const } : {}),
    layer: ["layer", inner as AnySequenceLayer],
    after: ["readout", linear({ input: features, output: labels.length }) as AnyLayer],
  });
  const readPiece = sequenceReader(input);
  return {
    model: model as AnySequenceLayer,
    params: { ...params, layer: isMean ? [params.layer, {}] : params.layer },
    input: `${inputInWords(input)}; what follows goes on with it`,
    talk() {
      let begun = false;
      return {
        read(value) {
          const { values, steps } = readPiece(value);
          const width = values.length / steps;
          const all = Array.from({ length: steps }, (_, t) => values.subarray(t * width, (t + 1) * width));
          // Every text begins with a symbol of its own: a text, not each of its pieces.
          const rows = isText && begun ? all.slice(1) : all;
          if (rows.length === 0)
            throw new RangeError("the text is empty, and there is nothing to go on with");
          return {
            rows,
            begin() {
              begun = true;
            },
            answer: (output) => predictionOf(output, 0, labels),
          };
        },
      };
    },
  };
}
