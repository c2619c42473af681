import { Key, linear } from "longspan";
import { fromKeras, toKeras } from "longspan-formats";
import { argument, choice, maybe, settings, text, thing } from "./arguments.js";
import { exempt, type Rows, row } from "./calls.js";

const dense = linear({ input: 2, output: 1 }).init(Key.of(1));
const weights = await toKeras(["Dense"], [dense], { format: "weights.h5" });
const model = await fromKeras(await toKeras(["Dense"], [dense]));
const layers = () => argument(["Dense"], [], [5], ["Dens"], [{ kind: "Dens" }], [{ kind: "Dense", bias: 1 }]);
const methods = { apply: exempt("swept by tests of the models that files give") };

/** The rows of the rooms keras and tensorflowjs of longspan-formats. */
export const kerasRows: Rows = {
  KerasError: () => exempt("an error"),
  fromKeras: () => row({ bytes: thing(weights), options: settings({ layers: layers() }) }, { methods }),
  decodeKeras: () => row({ bytes: thing(weights) }),
  kerasBatch: () =>
    row({ model: thing(model), sequences: argument([[[1, 2]]], ["list"], [5], [[[1, 2, 3]]], [["x"]]) }),
  toKeras: () =>
    row({
      layers: layers(),
      params: argument([dense], [], [{}], [dense, dense]),
      options: settings({ format: maybe(choice("keras")), name: maybe(text("net")) }),
    }),
};
