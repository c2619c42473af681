import { KerasError, type KerasLayerOrKind, toKeras } from "longspan-formats";
import { Failure } from "../failure.js";
import type { ExportFiles, ExportSource } from "./export-target.js";
import { type NetForm, netOfRun } from "./net-of-run.js";

const keras: NetForm<"LSTM" | "GRU" | "SimpleRNN"> = {
  name: "keras",
  library: "Keras",
  modules: { lstm: "LSTM", gru: "GRU", "gru-reset-after": "GRU", rnn: "SimpleRNN" },
};

/** A model of Keras: the layers of a run, one after the other. @throws Failure if Keras has no layers for it */
export async function toKerasFile({ name, run }: ExportSource): Promise<ExportFiles> {
  const net = netOfRun(run, keras);
  if (net.read === "mean")
    throw new Failure(
      "--to keras: the run reads the mean over all steps (read: mean), for which no layer of a chain is written; --to onnx writes it, and so does --to pytorch",
    );
  const drop: readonly [KerasLayerOrKind, unknown][] =
    net.dropout > 0 ? [[{ kind: "Dropout", rate: net.dropout }, {}]] : [];
  const recurrent = net.layers.map((params, k): [KerasLayerOrKind, unknown] => [
    { kind: net.module, returnSequences: net.read === "steps" || k < net.layers.length - 1 },
    params,
  ]);
  const chain: readonly (readonly [KerasLayerOrKind, unknown])[] = [
    ...(net.table ? [["Embedding", net.table] as const] : []),
    ...recurrent.flatMap((layer) => [...drop, layer]),
    ...drop,
    ["Dense", net.readout],
  ];
  try {
    const [layers, params] = [chain.map(([layer]) => layer), chain.map(([, of]) => of)];
    return [[".keras", await toKeras(layers, params, { name })]];
  } catch (error) {
    if (error instanceof KerasError) throw new Failure(`--to keras: ${error.message}`);
    throw error;
  }
}
