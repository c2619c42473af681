import { characterVocabulary, Key, linear, textRunModel } from "longspan";
import { argument, flag, maybe, settings, text } from "./arguments.js";
import { exempt, type Rows, row } from "./calls.js";

const layer = linear({ input: 2, output: 1 });
const model = () => textRunModel({ cell: "lstm", hidden: 3, features: 2, layers: 1, dropout: 0 }, 3);
const run = () => ({
  kind: "text",
  config: {},
  vocabulary: characterVocabulary("abc"),
  model: model(),
  params: model().init(Key.of(1)),
  step: 1,
});

export const onnxRows: Rows = {
  OnnxError: () => exempt("an error"),
  toOnnx: () =>
    row({
      layer: argument(layer, []),
      params: argument(layer.init(Key.of(1)), [], { W: 5 }),
      options: settings({
        name: maybe(text("model")),
        lengths: maybe(flag(true)),
        states: maybe(flag(false)),
        metadata: maybe(argument({ a: "b" }, ["record"], { a: 5 })),
      }),
    }),
  runToOnnx: () =>
    row({
      run: argument(run(), [], { kind: "text" }),
      options: settings({ lengths: maybe(flag(true)), states: maybe(flag(true)) }),
    }),
};
