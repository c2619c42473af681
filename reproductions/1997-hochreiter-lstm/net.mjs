// The network of 1997: memory blocks without forget gates, output units that read the memory cells only, and a gradient that is
// truncated everywhere but in the cells' states.

import {
  add,
  concat,
  defineCell,
  fromArray,
  gather,
  matmul,
  mul,
  sigmoid,
  slice,
  stopGradient,
  tanh,
  unfold,
  uniformInit,
} from "longspan";

/** Logistic functions stretched to [-1, 1] and [-2, 2]: 2 sigmoid(x) - 1 = tanh(x / 2). */
const to1 = (x) => tanh(mul(x, 0.5));
const to2 = (x) => mul(tanh(mul(x, 0.5)), 2);

/** What squashes the input of the cells, g, and their state, h: the ranges as the paper's text has them, and as a table has them. */
export const squashings = { text: { g: to2, h: to1 }, table: { g: to1, h: to2 } };

/**
 * Memory blocks of two cells each that share their gates.
 *
 *     y_in(t) = sigmoid(net_in(t)),   y_out(t) = sigmoid(net_out(t))
 *     s(t)    = s(t-1) + y_in(t) g(net_c(t))
 *     y_c(t)  = y_out(t) h(s(t))
 *     net(t)  = U x(t) + W y(t-1) + b,   y = (y_c, y_in, y_out)
 *
 * All units read all units. Error that arrives at a net is not passed on to y(t-1): it flows back in time through s alone. Units stand
 * in the order first cells of all blocks, second cells, input gates, output gates.
 *
 * @param squashing one of `squashings`
 * @param config input, blocks, start (weights are uniform within it), inputGates and outputGates (initial biases, null for
 * uniform within start) and cellBias (whether cells have a bias)
 */
export function memoryBlocks({ g, h }, config) {
  const cells = 2 * config.blocks;
  const units = 2 * cells;
  return defineCell({
    name: "memoryBlocks",
    inputs: ({ input }) => ({ x: [input] }),
    state: () => ({ y: [units], s: [cells] }),
    params: ({ input, start, inputGates, outputGates, cellBias }) => ({
      U: uniformInit(start, input, units),
      W: uniformInit(start, units, units),
      inputGate: biases(start, inputGates, config.blocks),
      outputGate: biases(start, outputGates, config.blocks),
      ...(cellBias ? { cell: uniformInit(start, cells) } : {}),
    }),
    step({ x, y, s }, { U, W, inputGate, outputGate, cell }) {
      const net = add(matmul(x, U), matmul(stopGradient(y), W));
      const netIn = add(slice(net, -1, cells, cells + config.blocks), inputGate);
      const netOut = add(slice(net, -1, cells + config.blocks, units), outputGate);
      const netCells = slice(net, -1, 0, cells);
      const [yIn, yOut] = [sigmoid(netIn), sigmoid(netOut)];
      const next = add(s, mul(concat([yIn, yIn]), g(cell ? add(netCells, cell) : netCells)));
      const out = mul(concat([yOut, yOut]), h(next));
      return { state: { y: concat([out, yIn, yOut]), s: next }, output: out };
    },
  })(config);
}

function biases(start, given, blocks) {
  if (given === null) return uniformInit(start, blocks);
  return { shape: [blocks], initialise: (_, shape, dtype) => fromArray(given, shape, dtype) };
}

/**
 * The whole network: y_k(t) = sigmoid(net_k(t)), net_k(t) = V y_c(t) [+ c], at the rows that are asked for. `nets` gives net_k.
 */
export function network(squashing, { output, outputBias, ...config }) {
  const cell = memoryBlocks(squashings[squashing], config);
  const readout = { V: uniformInit(config.start, 2 * config.blocks, output) };
  if (outputBias) readout.c = uniformInit(config.start, output);
  const nets = ({ cell: params, readout: { V, c } }, { x, structure, scored }) => {
    const { output: y } = unfold(
      cell,
      params,
      { x: fromArray(x, [structure.nodes, config.input]) },
      structure,
    );
    const first = scored[0];
    const side = scored.every((row, i) => row === first + i);
    const rows = side
      ? slice(y, 0, first, first + scored.length)
      : gather(y, fromArray(scored, [scored.length], "int32"));
    const net = matmul(rows, V);
    return c ? add(net, c) : net;
  };
  return {
    init: (key) => ({
      cell: cell.init(key.fold(0)),
      readout: Object.fromEntries(
        Object.entries(readout).map(([name, spec], i) => [
          name,
          spec.initialise(key.fold(1 + i), spec.shape, "float32"),
        ]),
      ),
    }),
    nets,
    apply: (params, batch) => sigmoid(nets(params, batch)),
  };
}
