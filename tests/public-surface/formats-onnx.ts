import { characterVocabulary, gru, Key, linear, recurrent, textRunModel } from "longspan";
import { toOnnx } from "longspan-formats";
import { argument, choice, flag, maybe, settings, text } from "./arguments.js";
import { exempt, type Rows, row } from "./calls.js";

const net = recurrent(gru({ input: 2, hidden: 3 }));
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
  fromOnnx: () =>
    row({
      bytes: argument(toOnnx(net, net.init(Key.of(1)), { states: true }), []),
      options: settings({
        x: maybe(text("x")),
        y: maybe(text("y")),
        lengths: maybe(text("lengths")),
        states: maybe(argument({ "initial.h": "final.h" }, ["record"], { "initial.h": 5 })),
        first: maybe(choice("time")),
      }),
    }),
  runToOnnx: () =>
    row({
      run: argument(run(), [], { kind: "text" }),
      options: settings({ lengths: maybe(flag(true)), states: maybe(flag(true)) }),
    }),
};
