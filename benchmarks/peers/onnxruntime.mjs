// ONNX Runtime for Node.js as a side: its LSTM operator, inference only.

import ort from "onnxruntime-node";
import { timedAsync } from "../timing.mjs";
import { lstmModel } from "./onnx-model.mjs";

/** Where the gates of the operator (input, output, forget, cell) stand in ours: f, g, i, q. */
const gateOrder = [1, 3, 0, 2];

export async function onnxSides(threadCounts) {
  return threadCounts.map((threads) => ({
    name: "onnxruntime",
    threads,
    version: ort.env.versions.node,
    async prepare({ job, shape, x, params }) {
      return job.kind === "lstm" && !job.training ? subject(shape, x, params, threads) : null;
    },
    async close() {},
  }));
}

async function subject(shape, x, params, threads) {
  const { B, H } = shape;
  const session = await ort.InferenceSession.create(lstmModel(shape, weightsOf(params, H)), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });
  const zeros = () => new ort.Tensor("float32", new Float32Array(B * H), [1, B, H]);
  const feeds = { X: new ort.Tensor("float32", x.data, x.shape), h: zeros(), s: zeros() };
  const once = () => session.run(feeds, ["Y"]);
  return {
    async results() {
      return { output: (await once()).Y.data };
    },
    time: (repetitions) => timedAsync(once, repetitions),
    dispose: () => session.release(),
  };
}

/** U [I, 4H], W [H, 4H], b [4H] as the operator has them: [1, 4H, in], and a second bias of zeros. */
export function weightsOf({ U, W, b }, H) {
  const turned = ({ data, shape: [rows, columns] }) => {
    const out = new Float32Array(rows * columns);
    gateOrder.forEach((gate, place) => {
      for (let j = 0; j < H; j++)
        for (let k = 0; k < rows; k++) out[(place * H + j) * rows + k] = data[k * columns + gate * H + j];
    });
    return out;
  };
  const biases = new Float32Array(8 * H);
  gateOrder.forEach((gate, place) => {
    biases.set(b.data.subarray(gate * H, (gate + 1) * H), place * H);
  });
  return { W: turned(U), R: turned(W), b: biases };
}
