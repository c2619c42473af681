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
      if (job.kind !== "lstm" || job.training) return null;
      return (job.step ? steps : subject)(shape, x, params, threads);
    },
    async close() {},
  }));
}

const sessionOf = (shape, params, threads) =>
  ort.InferenceSession.create(lstmModel(shape, weightsOf(params, shape.H)), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
  });

const zeroState = ({ B, H }) => new ort.Tensor("float32", new Float32Array(B * H), [1, B, H]);

/** Steps of one sequence, one call each; results go to arrays that are there, and the states change places. */
async function steps({ T, B, I, H }, x, params, threads) {
  const shape = { T: 1, B, I, H };
  const session = await sessionOf(shape, params, threads);
  const row = new ort.Tensor("float32", new Float32Array(I), [1, 1, I]);
  const Y = new ort.Tensor("float32", new Float32Array(H), [1, 1, 1, H]);
  const states = [0, 1].map(() => ({ h: zeroState(shape), s: zeroState(shape) }));
  const ways = [0, 1].map((from) => ({
    feeds: { X: row, ...states[from] },
    fetches: { Y, hOut: states[1 - from].h, sOut: states[1 - from].s },
  }));
  const sequence = async (visit = () => {}) => {
    for (const t of Object.values(states[0])) t.data.fill(0);
    for (let t = 0; t < T; t++) {
      row.data.set(x.data.subarray(t * I, (t + 1) * I));
      const { feeds, fetches } = ways[t % 2];
      await session.run(feeds, fetches);
      visit(Y.data, t);
    }
  };
  return {
    async results() {
      const output = new Float32Array(T * H);
      await sequence((y, t) => output.set(y, t * H));
      return { output };
    },
    time: async (repetitions) => (await timedAsync(() => sequence(), repetitions)).map((ms) => ms / T),
    dispose: () => session.release(),
  };
}

async function subject(shape, x, params, threads) {
  const session = await sessionOf(shape, params, threads);
  const zeros = () => zeroState(shape);
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
