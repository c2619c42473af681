import { encodePytorch, encodeSafetensors, type Tensor, toPytorch } from "longspan";
import type { ExportFiles, ExportSource } from "../export-target.js";
import { type NetForm, netOfRun } from "../net-of-run.js";
import { moduleSource } from "./module-source.js";

const torch: NetForm<"LSTM" | "GRU" | "RNN"> = {
  name: "pytorch",
  library: "torch.nn",
  modules: { lstm: "LSTM", "gru-reset-after": "GRU", rnn: "RNN" },
  lacks: (cell) =>
    cell === "gru" ? ": its GRU resets after the product, as the cell gru-reset-after does" : "",
};

/** The state dictionary of a run's net, and a Python file with the module that takes it. @throws Failure if there is no such module */
export async function toPytorchFiles({ name, ending, run }: ExportSource): Promise<ExportFiles> {
  const net = netOfRun(run, torch);
  const weights: Readonly<Record<string, Tensor>> = {
    ...(net.table ? toPytorch("Embedding", net.table, { prefix: "embedding." }) : {}),
    ...toPytorch(net.module, net.layers, { prefix: "layers." }),
    ...toPytorch("Linear", net.readout, { prefix: "readout." }),
  };
  const features = weights["layers.weight_ih_l0"]!.shape[1]!;
  const source = moduleSource(net, {
    kind: run.kind,
    weights: `${name}${ending}`,
    input: net.table ? net.table.E.shape[0]! : features,
    features,
    output: net.readout.W.shape[1]!,
  });
  const encode = ending === ".safetensors" ? encodeSafetensors : encodePytorch;
  return [
    [ending, await encode(weights)],
    [".py", source],
  ];
}
