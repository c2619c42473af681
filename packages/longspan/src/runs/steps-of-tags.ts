import { type AnyLayer, type AnySequenceLayer, linear } from "../nn/index.js";
import { surrounded } from "../nn/layers/surrounded.js";
import { predictionOf } from "../tasks/classification/classification-predictor.js";
import { packTokens } from "../tasks/tagging/pack-tokens.js";
import { onCpu, scope, type Tensor } from "../tensor/index.js";
import { type RunTalk, withoutMemory } from "./run-talk.js";
import type { OpenedTagRun } from "./tag-run.js";

/** Streams of runs on tags: after each token, its tag. Null where sentences are read in both directions. */
export function tagTalk({ model: tagger, params, net, predictor }: OpenedTagRun): RunTalk | null {
  const layer = net!.model;
  if (!layer.forward) return null;
  const { tags } = tagger.vocabulary;
  const readTokens = predictor().read;
  // What a token is read as needs no other token, so that it is put into numbers before it waits for its step.
  const model = surrounded<{ readonly layer: unknown; readonly readout: unknown }, unknown>("runSteps", {
    layer: ["layer", layer as AnySequenceLayer],
    after: ["readout", linear({ input: layer.features!, output: Math.max(1, tags.length) }) as AnyLayer],
  });
  return withoutMemory({
    model,
    params: { layer: params.layer, readout: params.readout },
    input: "a token or several: a text whose tokens stand between white space, or a list of texts",
    read(value) {
      const tokens = packTokens(tagger, [readTokens(value) as readonly string[]]);
      const x = scope(() => tagger.embed(params as never, tokens) as Tensor);
      const [rows, width] = x.shape as [number, number];
      const values = Float32Array.from(onCpu(x).toArray() as Float32Array);
      x.dispose();
      return Array.from({ length: rows }, (_, t) => values.subarray(t * width, (t + 1) * width));
    },
    answer(output) {
      const { label, ...shares } = predictionOf(output, 0, tags);
      return { tag: label, ...shares };
    },
  });
}
