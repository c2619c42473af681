// TensorFlow.js with its WebAssembly backend as a side: LSTM training, on one thread.

import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { timed } from "../timing.mjs";

/** Where our gates f, g, i, q stand in the order of TensorFlow.js. */
const gateOrder = [1, 0, 2, 3];

/** Steps are unrolled by the layer itself: at more elements than these a step takes seconds, and says nothing new. */
const largest = 100 * 32 * 128;

export async function tfjsSides(threadCounts) {
  if (!threadCounts.includes(1)) return [];
  setWasmPaths(new URL("../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url).pathname);
  tf.enableProdMode();
  await tf.setBackend("wasm");
  await tf.ready();
  return [
    {
      name: "tfjs",
      threads: 1,
      against: "wasm",
      version: `${tf.version.tfjs}, backend ${tf.getBackend()}`,
      async prepare({ name, shape, ...numbers }) {
        const { T, B, H } = shape;
        return name === "lstm train" && T * B * H <= largest ? subject(shape, numbers) : null;
      },
      async close() {},
    },
  ];
}

function subject({ T, B, I, H }, { x, params, seed }) {
  const tensorOf = ({ data, shape }) => tf.tensor(data, shape, "float32");
  const reordered = (t) => {
    const blocks = tf.split(t, 4, -1);
    return tf.concat(
      gateOrder.map((g) => blocks[g]),
      -1,
    );
  };
  // The layer has the batch first.
  const batchFirst = (t) => tf.transpose(t, [1, 0, 2]);
  const layer = tf.layers.lstm({
    units: H,
    returnSequences: true,
    recurrentActivation: "sigmoid",
    inputShape: [T, I],
  });
  tf.tidy(() => layer.apply(tf.zeros([B, T, I])));
  layer.setWeights(["U", "W", "b"].map((key) => tf.tidy(() => reordered(tensorOf(params[key])))));
  const [input, cotangent] = [x, seed].map((t) => tf.tidy(() => batchFirst(tensorOf(t))));
  const variables = layer.trainableWeights.map((w) => w.val);

  /** The output and the gradients to the input and the weights, as TensorFlow.js has them. */
  const once = () =>
    tf.tidy(() => {
      let output;
      const { grads } = tf.variableGrads(() => {
        output = tf.keep(layer.apply(inputVariable));
        return tf.sum(tf.mul(output, cotangent));
      }, [inputVariable, ...variables]);
      return { output, grads };
    });
  const inputVariable = tf.variable(input);
  return {
    async results() {
      const { output, grads } = once();
      const [dU, dW, db] = variables.map((v) => tf.tidy(() => reordered(grads[v.name])));
      const found = {
        output: batchFirst(output),
        x: batchFirst(grads[inputVariable.name]),
        U: dU,
        W: dW,
        b: db,
      };
      const numbers = {};
      for (const [key, t] of Object.entries(found)) numbers[key] = await t.data();
      tf.dispose([found, output, grads]);
      return numbers;
    },
    async time(repetitions) {
      return timed(() => {
        const { output, grads } = once();
        // The backend runs at once; nothing is left to wait for.
        tf.dispose([output, grads]);
      }, repetitions);
    },
    async dispose() {
      tf.dispose([input, cotangent, inputVariable, ...variables]);
    },
  };
}
