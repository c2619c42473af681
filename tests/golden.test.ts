import { readFileSync } from "node:fs";
import {
  type AnySequenceLayer,
  add,
  additiveAddressing,
  attend,
  bidirectional,
  type Cell,
  type Concrete,
  chain,
  cholesky,
  clamp,
  crossEntropyMean,
  crossEntropyPerRow,
  crossEntropySum,
  ctcLossPerSequence,
  ctcLossSum,
  ctcTargets,
  cumulativeProduct,
  type DType,
  fromArray,
  gaussianLossPerRow,
  gruResetAfter,
  hessianVectorProduct,
  type InputSpec,
  layerNorm,
  leafEntries,
  lstm,
  type Mixture,
  matmul,
  mixtureLossPerRow,
  mul,
  multiplicativeAddressing,
  onCpu,
  permute,
  pow,
  recurrent,
  rnn,
  roll,
  type Shapes,
  type Structure,
  sort,
  square,
  stacked,
  sum,
  type Tensor,
  topK,
  triangularSolve,
  unfold,
  type Value,
  valueAndGrad,
  valueGradAndAux,
} from "longspan";
import { describe, expect, test } from "vitest";

/** An array as the files hold it. */
interface Stored {
  readonly shape: number[];
  readonly data: number[];
}

interface RecurrentFile {
  readonly config: {
    readonly mode: "RNN_TANH" | "RNN_RELU" | "LSTM" | "GRU";
    readonly input_size: number;
    readonly hidden_size: number;
    readonly proj_size?: number;
    readonly connections?: "residual" | "skip";
    readonly num_layers: number;
    readonly bidirectional: boolean;
    readonly lengths: number[];
  };
  readonly weights: Record<string, Stored>;
  readonly inputs: { readonly x: Stored[]; readonly h_0: Stored[]; readonly c_0?: Stored[] };
  readonly cotangents: { readonly Wout: Stored[]; readonly Wh: Stored[]; readonly Wc?: Stored[] };
  readonly outputs: {
    readonly loss: number;
    readonly output: Stored[];
    readonly h_n: Stored[];
    readonly c_n?: Stored[];
  };
  readonly gradients: Record<string, Stored> & {
    readonly x: Stored[];
    readonly h_0: Stored[];
    readonly c_0?: Stored[];
  };
}

type LossFile = Record<"inputs" | "outputs" | "gradients", Record<string, Stored>>;

type Mode = RecurrentFile["config"]["mode"];

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), "utf8")) as T;
}

/** The largest difference may be `tolerance` times the largest number, or `tolerance` if all are below 1. */
function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
) {
  expect(actual.length, what).toBe(expected.length);
  const size = Array.from(expected).reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  // Not "greater than": a NaN must fail.
  if (!(worst <= tolerance * size))
    throw new Error(`${what}: differs by ${worst}, allowed are ${tolerance} x ${size}`);
}

function numbers(t: Value): number[] {
  return Array.from(onCpu(t).toArray());
}

const tolerances: readonly [DType, number][] = [
  ["float64", 1e-10],
  ["float32", 1e-5],
];

/**
 * For each gate here, in order, the number of its block in the files. PyTorch keeps its weights as [out, in], in
 * its own gate order and with two biases.
 */
const blocks: Record<Mode, readonly number[]> = {
  RNN_TANH: [0],
  RNN_RELU: [0],
  // i, f, g, o there; f, g (input gate), i (input), q here
  LSTM: [1, 0, 2, 3],
  // r, z, n there; u, r, target here
  GRU: [1, 0, 2],
};

/** Rows of blocks in the order wanted: [gates * hidden, columns]. */
function permuted({ shape, data }: Stored, order: readonly number[]): Stored {
  const size = data.length / order.length;
  return { shape, data: order.flatMap((block) => data.slice(block * size, (block + 1) * size)) };
}

function transposed({ shape, data }: Stored): Stored {
  const [rows, columns] = [shape[0]!, shape[1]!];
  const out = Array.from(
    { length: rows * columns },
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!,
  );
  return { shape: [columns, rows], data: out };
}

function block({ data }: Stored, which: number, count: number): Stored {
  const size = data.length / count;
  return { shape: [size], data: data.slice(which * size, (which + 1) * size) };
}

/** The parameters of one cell from the weights whose names end in `suffix`, such as `_l0_reverse`. */
function cellWeights(
  mode: Mode,
  weights: Record<string, Stored>,
  suffix: string,
  order: readonly number[] = blocks[mode],
): Record<string, Stored> {
  const ih = permuted(weights[`bias_ih${suffix}`]!, order);
  const hh = permuted(weights[`bias_hh${suffix}`]!, order);
  const U = transposed(permuted(weights[`weight_ih${suffix}`]!, order));
  const W = transposed(permuted(weights[`weight_hh${suffix}`]!, order));
  const gates = order.length;
  const isSummed = (i: number) => mode !== "GRU" || i < (2 * ih.data.length) / gates;
  const b = { ...ih, data: ih.data.map((v, i) => (isSummed(i) ? v + hh.data[i]! : v)) };
  if (mode === "GRU") return { U, W, b, c: block(hh, 2, gates) };
  return { U, W, b, ...projection(weights, suffix) };
}

/** The projection, where the file has one. */
function projection(of: Record<string, Stored>, suffix: string): Record<string, Stored> {
  const hr = of[`weight_hr${suffix}`];
  return hr ? { P: transposed(hr) } : {};
}

/** The gradients of those parameters: a bias that is a sum here has the gradient of either part there. */
function cellGradients(
  mode: Mode,
  gradients: Record<string, Stored>,
  suffix: string,
): Record<string, Stored> {
  const order = blocks[mode];
  const ih = permuted(gradients[`bias_ih${suffix}`]!, order);
  const hh = permuted(gradients[`bias_hh${suffix}`]!, order);
  const summed = mode === "GRU" ? (2 * ih.data.length) / 3 : ih.data.length;
  expectClose(hh.data.slice(0, summed), ih.data.slice(0, summed), 1e-14, "the file's two biases");
  const U = transposed(permuted(gradients[`weight_ih${suffix}`]!, order));
  const W = transposed(permuted(gradients[`weight_hh${suffix}`]!, order));
  if (mode === "GRU") return { U, W, b: ih, c: block(hh, 2, 3) };
  return { U, W, b: ih, ...projection(gradients, suffix) };
}

type AnyCell = Cell<{ x: InputSpec }, Shapes, unknown, Value>;

function makeCell({ mode, hidden_size: hidden, proj_size }: RecurrentFile["config"], input: number): AnyCell {
  if (proj_size) return lstm({ input, hidden, projection: proj_size });
  if (mode === "LSTM") return lstm({ input, hidden });
  if (mode === "GRU") return gruResetAfter({ input, hidden });
  return rnn({ input, hidden, activation: mode === "RNN_RELU" ? "relu" : "tanh" });
}

function makeNet({ config }: RecurrentFile): AnySequenceLayer {
  const { input_size, hidden_size, num_layers } = config;
  const { connections } = config;
  const layers = Array.from({ length: num_layers }, (_, k) => {
    const above = hidden_size * (config.bidirectional ? 2 : 1) + (connections === "skip" ? input_size : 0);
    const input = k === 0 ? input_size : above;
    const cell = () => makeCell(config, input);
    return config.bidirectional ? bidirectional(cell(), cell()) : recurrent(cell());
  });
  return stacked(layers as readonly AnySequenceLayer[], connections ? { [connections]: true } : {});
}

/** A tree of the form of the net's parameters: one entry per layer, and per direction if there are two. */
function perLayer<T>(file: RecurrentFile, entry: (suffix: string, row: number) => T): unknown[] {
  const { num_layers, bidirectional: both } = file.config;
  return Array.from({ length: num_layers }, (_, k) =>
    both
      ? { forward: entry(`_l${k}`, 2 * k), backward: entry(`_l${k}_reverse`, 2 * k + 1) }
      : entry(`_l${k}`, k),
  );
}

function mapStored(tree: unknown, dtype: DType): unknown {
  if (Array.isArray(tree)) return tree.map((t) => mapStored(t, dtype));
  if (isStored(tree)) return fromArray(tree.data, tree.shape, dtype);
  return Object.fromEntries(Object.entries(tree as object).map(([k, t]) => [k, mapStored(t, dtype)]));
}

function isStored(tree: unknown): tree is Stored {
  return typeof tree === "object" && tree !== null && "data" in tree;
}

/** Sequences laid one after the other. */
function joined(sequences: readonly Stored[]): Stored {
  return {
    shape: [sequences.reduce((n, s) => n + s.shape[0]!, 0), sequences[0]!.shape[1]!],
    data: sequences.flatMap((s) => s.data),
  };
}

/** Row `row` of every sequence's states: [sequences, hidden]. */
function stateRow(states: readonly Stored[], row: number): Stored {
  const width = states[0]!.shape[1]!;
  return {
    shape: [states.length, width],
    data: states.flatMap((s) => s.data.slice(row * width, (row + 1) * width)),
  };
}

/** States in the form of the net's: h, and s where the file has a c. */
function statesOf(file: RecurrentFile, h: readonly Stored[], c: readonly Stored[] | undefined): unknown[] {
  return perLayer(file, (_, row) => ({ h: stateRow(h, row), ...(c ? { s: stateRow(c, row) } : {}) }));
}

interface Point {
  readonly params: Record<string, Tensor>;
  readonly x: Tensor;
  readonly initial: Record<string, Tensor>;
}

function run(file: RecurrentFile, dtype: DType, order?: readonly number[]) {
  const { mode, lengths } = file.config;
  const net = makeNet(file);
  const structure: Structure = chain(lengths);
  const onDevice = (tree: unknown) => mapStored(tree, dtype) as never;
  const point = {
    params: onDevice(perLayer(file, (suffix) => cellWeights(mode, file.weights, suffix, order))),
    x: structure.pack(onDevice(joined(file.inputs.x))) as Tensor,
    initial: onDevice(statesOf(file, file.inputs.h_0, file.inputs.c_0)),
  } as Point;
  const Wout = structure.pack(onDevice(joined(file.cotangents.Wout)));
  const Wfinal = onDevice(statesOf(file, file.cotangents.Wh, file.cotangents.Wc));
  const inner = (a: unknown, b: unknown) => {
    const others = new Map(leafEntries(b));
    return leafEntries(a)
      .map(([path, v]) => sum(mul(v, others.get(path)!)))
      .reduce((p, q) => add(p, q));
  };
  return valueGradAndAux((p: { params: object; x: Value; initial: object }) => {
    const { output, final } = net.apply(p.params, p.x, structure, { initial: p.initial });
    return {
      loss: add(sum(mul(output, Wout)), inner(final, Wfinal)),
      aux: { output: structure.unpack(output), final },
    };
  })(point);
}

function expectTree(actual: unknown, expected: unknown, tolerance: number, what: string) {
  const entries = leafEntries(actual);
  expect(entries.length, what).toBe(leafEntries(mapStored(expected, "float64")).length);
  const stored = new Map(leafEntries(mapStored(expected, "float64")));
  for (const [path, v] of entries) {
    expect(v.shape, `${what} ${path}`).toEqual(stored.get(path)!.shape);
    expectClose(numbers(v), numbers(stored.get(path)!), tolerance, `${what} ${path}`);
  }
}

const recurrentCases = [
  "rnn_tanh",
  "rnn_relu",
  "lstm",
  "gru",
  "lstm_unsorted",
  "lstm_2layer",
  "lstm_bidirectional",
  "lstm_projected",
  "gru_2layer_bidirectional",
  "lstm_residual",
  "lstm_skip",
];

describe.each(tolerances)("PyTorch's values, %s", (dtype, tolerance) => {
  test.each(recurrentCases)("%s: outputs, final states and every gradient", (name) => {
    const file = load<RecurrentFile>(name);
    const { value, grads, aux } = run(file, dtype);
    const { mode, lengths } = file.config;
    expectClose(numbers(aux.output), joined(file.outputs.output).data, tolerance, "output");
    expectTree(aux.final, statesOf(file, file.outputs.h_n, file.outputs.c_n), tolerance, "final");
    expectClose(numbers(value), [file.outputs.loss], tolerance, "loss");
    const expected = perLayer(file, (suffix) => cellGradients(mode, file.gradients, suffix));
    expectTree(grads.params, expected, tolerance, "gradient of");
    const gx = chain(lengths).unpack(grads.x);
    expectClose(numbers(gx), joined(file.gradients.x).data, tolerance, "gradient of x");
    const gstates = statesOf(file, file.gradients.h_0, file.gradients.c_0);
    expectTree(grads.initial, gstates, tolerance, "gradient of initial");
  });

  test("layer_norm", () => {
    const file =
      load<Record<"weights" | "inputs" | "cotangents" | "outputs" | "gradients", Record<string, Stored>>>(
        "layer_norm",
      );
    const of = ({ data, shape }: Stored) => fromArray(data, shape, dtype);
    const layer = layerNorm({ features: 6 });
    const Wout = of(file.cotangents.Wout!);
    const point = {
      params: { gain: of(file.weights.weight!), bias: of(file.weights.bias!) },
      x: of(file.inputs.x!),
    };
    expectClose(numbers(layer.apply(point.params, point.x)), file.outputs.output!.data, tolerance, "output");
    const { grads } = valueAndGrad((p: { params: { gain: Value; bias: Value }; x: Value }) =>
      sum(mul(layer.apply(p.params, p.x), Wout)),
    )(point);
    expectClose(numbers(grads.x), file.gradients.x!.data, tolerance, "gradient of x");
    expectClose(numbers(grads.params.gain), file.gradients.weight!.data, tolerance, "gradient of the gain");
    expectClose(numbers(grads.params.bias), file.gradients.bias!.data, tolerance, "gradient of the bias");
  });

  const operations: Record<string, (...operands: readonly Value[]) => Value> = {
    cumprod: (x) => cumulativeProduct(x!),
    cumprod_0: (x) => cumulativeProduct(x!, 0),
    sort: (x) => sort(x!).values,
    topk: (x) => topK(x!, 3).values,
    pow: (a, b) => pow(a!, b!),
    clamp: (x) => clamp(x!, -0.5, 0.5),
    roll: (x) => roll(x!, -2),
    matmul_vector: (a, b) => matmul(a!, b!),
    matmul_leading: (a, b) => matmul(a!, b!),
    cholesky: (x) => cholesky(x!),
    solve_lower: (a, b) => triangularSolve(a!, b!),
    solve_upper_transposed: (a, b) => triangularSolve(permute(a!, [0, 2, 1]), b!),
  };

  test.each(Object.entries(operations))(
    "operations, %s: values, gradients, Hessian-vector products",
    (name, f) => {
      const file = load<{
        inputs: Record<string, Stored[]>;
        cotangents: Record<string, { w: Stored; directions: Stored[] }>;
        outputs: Record<string, Stored>;
        gradients: Record<string, { first: Stored[]; second: Stored[] }>;
      }>("operations");
      expect(Object.keys(file.inputs)).toEqual(Object.keys(operations));
      const of = ({ data, shape }: Stored) => fromArray(data, shape, dtype);
      const operands = file.inputs[name]!.map(of);
      expectClose(numbers(f(...operands)), file.outputs[name]!.data, tolerance, "value");
      const { w, directions } = file.cotangents[name]!;
      const loss = (values: Value[]) => sum(mul(of(w), square(f(...values))));
      const { first, second } = file.gradients[name]!;
      const check = (found: readonly Value[], wanted: readonly Stored[], what: string) =>
        found.forEach((v, i) => {
          expectClose(numbers(v), wanted[i]!.data, tolerance, `${what} of operand ${i}`);
        });
      check(valueAndGrad(loss)(operands).grads as Value[], first, "gradient");
      check(
        hessianVectorProduct(loss)(operands, directions.map(of)) as Value[],
        second,
        "Hessian-vector product",
      );
    },
  );
  test("gaussian_loss", () => {
    const { inputs, outputs, gradients } = load<LossFile>("gaussian_loss");
    const of = ({ data, shape }: Stored) => fromArray(data, shape, dtype);
    const point = { mean: of(inputs.mean!), logVariance: of(inputs.log_variance!), y: of(inputs.targets!) };
    const { value, grads } = valueAndGrad(({ y, ...gaussian }: typeof point) =>
      sum(gaussianLossPerRow(gaussian, y)),
    )(point);
    const rows = numbers(gaussianLossPerRow({ mean: point.mean, logVariance: point.logVariance }, point.y));
    expectClose(rows, outputs.per_row!.data, tolerance, "per row");
    expectClose(numbers(value), [outputs.per_row!.data.reduce((a, b) => a + b)], tolerance, "sum");
    expectClose(numbers(grads.mean), gradients.mean!.data, tolerance, "gradient of the mean");
    expectClose(numbers(grads.logVariance), gradients.log_variance!.data, tolerance, "of the log-variance");
    expectClose(numbers(grads.y), gradients.targets!.data, tolerance, "of the targets");
    const scale = of({
      ...inputs.log_variance!,
      data: inputs.log_variance!.data.map((v) => Math.exp(v / 2)),
    });
    const scaled = numbers(gaussianLossPerRow({ mean: point.mean, scale }, point.y));
    expectClose(scaled, outputs.per_row!.data, tolerance, "per row, of scales");
  });

  test.each(["univariate", "diagonal", "correlated"])("mixture_loss_%s", (name) => {
    const { inputs, outputs, gradients } = load<LossFile>(`mixture_loss_${name}`);
    const of = (key: string) => fromArray(inputs[key]!.data, inputs[key]!.shape, dtype);
    const names: Record<keyof Mixture, string> = {
      logits: "logits",
      means: "means",
      logScales: "log_scales",
      artanhCorrelations: "artanh_correlations",
    };
    const given = Object.entries(names).filter(([, key]) => key in inputs);
    const mixture = Object.fromEntries(
      given.map(([part, key]) => [part, of(key)]),
    ) as unknown as Concrete<Mixture>;
    const targets = of("targets");
    const rows = numbers(mixtureLossPerRow(mixture, targets));
    expectClose(rows, outputs.per_row!.data, tolerance, "per row");
    const { grads } = valueAndGrad((p: { mixture: Mixture; targets: Value }) =>
      sum(mixtureLossPerRow(p.mixture, p.targets)),
    )({ mixture, targets });
    for (const [part, key] of given) {
      const gradient = numbers((grads.mixture as unknown as Record<string, Tensor>)[part]!);
      expectClose(gradient, gradients[key]!.data, tolerance, `gradient of ${part}`);
    }
    expectClose(numbers(grads.targets), gradients.targets!.data, tolerance, "gradient of the targets");
  });

  test("cross_entropy", () => {
    const file = load<{
      inputs: Record<string, Stored>;
      outputs: { mean: number; sum: number; per_row: Stored };
      gradients: Record<string, Stored>;
    }>("cross_entropy");
    const logits = fromArray(file.inputs.logits!.data, file.inputs.logits!.shape, dtype);
    const targets = fromArray(file.inputs.targets!.data, file.inputs.targets!.shape, "int32");
    const rows = numbers(crossEntropyPerRow(logits, targets));
    expectClose(rows, file.outputs.per_row.data, tolerance, "per row");
    const total = valueAndGrad(crossEntropySum)(logits, targets);
    expectClose(numbers(total.value), [file.outputs.sum], tolerance, "sum");
    expectClose(numbers(total.grads), file.gradients.logits_sum!.data, tolerance, "gradient of the sum");
    const average = valueAndGrad(crossEntropyMean)(logits, targets);
    expectClose(numbers(average.value), [file.outputs.mean], tolerance, "mean");
    expectClose(numbers(average.grads), file.gradients.logits_mean!.data, tolerance, "gradient of the mean");
  });
});

describe.each(tolerances)("PyTorch's CTC, %s", (dtype, tolerance) => {
  test("ctc_loss", () => {
    const { config, inputs, outputs, gradients } = load<{
      config: { blank: number; lengths: number[]; labels: number[][]; impossible: number[] };
      inputs: { logits: Stored[] };
      outputs: { per_sequence: Stored };
      gradients: { logits: Stored[] };
    }>("ctc_loss");
    const frames = chain(config.lengths);
    const targets = ctcTargets(frames, config.labels, { blank: config.blank });
    expect(targets.impossible).toEqual(config.impossible);
    const { shape, data } = joined(inputs.logits);
    const logits = frames.pack(fromArray(data, shape, dtype)) as Tensor;
    const options = { ignoreImpossible: true };
    const losses = numbers(ctcLossPerSequence(logits, targets, options));
    expectClose(losses, outputs.per_sequence.data, tolerance, "per sequence");
    const infinite = numbers(ctcLossPerSequence(logits, targets)).flatMap((l, b) =>
      l === Number.POSITIVE_INFINITY ? [b] : [],
    );
    expect(infinite).toEqual(config.impossible);
    const { grads } = valueAndGrad((o: Value) => ctcLossSum(o, targets, options))(logits);
    expectClose(numbers(frames.unpack(grads)), joined(gradients.logits).data, tolerance, "gradient");
  });
});

describe("the files tell gates apart", () => {
  test.each([
    ["lstm", 4],
    ["lstm_projected", 4],
    ["gru", 3],
  ])("%s: exchanging any two gates changes the output", (name, gates) => {
    const file = load<RecurrentFile>(name);
    const expected = joined(file.outputs.output).data;
    for (let p = 0; p < gates; p++)
      for (let q = 0; q < p; q++) {
        const order = [...blocks[file.config.mode]];
        [order[p], order[q]] = [order[q]!, order[p]!];
        const output = numbers(run(file, "float64", order).aux.output);
        const worst = Math.max(...output.map((v, i) => Math.abs(v - expected[i]!)));
        expect(worst, `gates ${q} and ${p}`).toBeGreaterThan(1e-2);
      }
  });
});

interface AttentionFile extends Omit<RecurrentFile, "config" | "inputs" | "gradients"> {
  readonly config: {
    readonly attends: "before" | "after";
    readonly cell: "GRU" | "LSTM";
    readonly input_size: number;
    readonly hidden_size: number;
    readonly source_size: number;
    readonly units: number;
    readonly lengths: number[];
    readonly sizes: number[];
  };
  readonly inputs: RecurrentFile["inputs"] & { readonly source: Stored[] };
  readonly gradients: RecurrentFile["gradients"] & { readonly source: Stored[] };
}

/** The parameters of a decoder with attention, or their gradients. */
function attentionWeights(
  { config: { attends } }: AttentionFile,
  of: Record<string, Stored>,
  cell: Record<string, Stored>,
): object {
  const { query, key, v, combine } = of;
  return attends === "before"
    ? {
        cell,
        address: {
          W: transposed(query!),
          U: transposed(key!),
          v: { shape: [v!.data.length], data: v!.data },
        },
      }
    : { cell, address: { W: transposed(key!) }, combine: { W: transposed(combine!) } };
}

describe.each(tolerances)("PyTorch's decoders with attention over padded sources, %s", (dtype, tolerance) => {
  test.each(["attention_before", "attention_after"])("%s: value and every gradient", (name) => {
    const file = load<AttentionFile>(name);
    const { attends, cell: mode, lengths, sizes, ...config } = file.config;
    const shared = { input: config.input_size, hidden: config.hidden_size, source: config.source_size };
    const cell = (attends === "before"
      ? attend(gruResetAfter, { ...shared, addressing: additiveAddressing({ size: config.units }) })
      : attend(lstm, {
          ...shared,
          addressing: multiplicativeAddressing(),
          attends,
          inputFeeding: true,
        })) as unknown as Cell<never, Shapes, unknown, Value>;
    const sources = chain(sizes);
    const structure = chain(lengths).withSets({ source: sources });
    const onDevice = (tree: unknown) => mapStored(tree, dtype) as never;
    const states = (h: readonly Stored[], c: readonly Stored[] | undefined) => ({
      h: stateRow(h, 0),
      ...(c ? { s: stateRow(c, 0) } : {}),
    });
    const point = {
      params: onDevice(attentionWeights(file, file.weights, cellWeights(mode, file.weights, "_l0"))),
      x: structure.pack(onDevice(joined(file.inputs.x))),
      source: sources.pack(onDevice(joined(file.inputs.source))),
      initial: onDevice(states(file.inputs.h_0, file.inputs.c_0)),
    };
    const Wout = structure.pack(onDevice(joined(file.cotangents.Wout)));
    const Wfinal = onDevice(states(file.cotangents.Wh, file.cotangents.Wc)) as Record<string, Value>;
    const { value, grads, aux } = valueGradAndAux((p: typeof point) => {
      const inputs = { x: p.x, source: { h: p.source } } as never;
      const { output, final } = unfold(cell, p.params, inputs, structure, { initial: p.initial });
      const ends = final as Record<string, Value>;
      const inner = Object.keys(Wfinal).map((slot) => sum(mul(ends[slot]!, Wfinal[slot]!)));
      return {
        loss: inner.reduce((a, b) => add(a, b), sum(mul(output, Wout))),
        aux: {
          output: structure.unpack(output),
          final: Object.fromEntries(Object.keys(Wfinal).map((slot) => [slot, ends[slot]!])),
        },
      };
    })(point as never) as { value: Value; grads: typeof point; aux: { output: Value; final: object } };
    expectClose(numbers(aux.output), joined(file.outputs.output).data, tolerance, "output");
    expectTree(aux.final, states(file.outputs.h_n, file.outputs.c_n), tolerance, "final");
    expectClose(numbers(value), [file.outputs.loss], tolerance, "loss");
    const expected = attentionWeights(file, file.gradients, cellGradients(mode, file.gradients, "_l0"));
    expectTree(grads.params, expected, tolerance, "gradient of");
    const sequential = (over: Structure, rows: Value) => numbers(over.unpack(rows));
    expectClose(sequential(structure, grads.x), joined(file.gradients.x).data, tolerance, "gradient of x");
    expectClose(
      sequential(sources, grads.source),
      joined(file.gradients.source).data,
      tolerance,
      "gradient of source",
    );
    expectTree(
      grads.initial,
      states(file.gradients.h_0, file.gradients.c_0),
      tolerance,
      "gradient of initial",
    );
  });
});
