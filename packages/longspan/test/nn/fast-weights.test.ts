import {
  type AnyCell,
  abs,
  add,
  chain,
  checkDerivatives,
  concat,
  constant,
  type DType,
  defineCell,
  deltaRule,
  div,
  dot,
  exp,
  fromArray,
  gatedDeltaRule,
  grad,
  hessianVectorProduct,
  Key,
  leaves,
  linearAttention,
  mapTree,
  matmul,
  maximum,
  memoryReport,
  mlstm,
  mul,
  neg,
  normal,
  type ParamsOf,
  reshape,
  sigmoid,
  slstm,
  softplus,
  split,
  sum,
  type Tensor,
  tensor,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike, rows } from "./plain.js";

const input = 3;
const hidden = 4;
const structure = chain([5, 2, 0, 4]);
const x = normals(Key.of(1), structure.nodes, input);
type Params = Record<string, Tensor>;

/** The cells by name, with one head or several. */
const makers: Readonly<Record<string, (sizes: { heads: number; hidden: number }) => AnyCell>> = {
  linearAttention: (sizes) => linearAttention({ input, ...sizes }),
  deltaRule: (sizes) => deltaRule({ input, ...sizes }),
  "deltaRule, beta up to 2": (sizes) => deltaRule({ input, ...sizes, largestBeta: 2 }),
  gatedDeltaRule: (sizes) => gatedDeltaRule({ input, ...sizes }),
  mlstm: (sizes) => mlstm({ input, ...sizes }),
  slstm: (sizes) => slstm({ input, ...sizes }),
};

describe.each(Object.entries(makers))("%s", (name, make) => {
  test("heads are cells of their own, side by side", () => {
    const both = make({ heads: 2, hidden });
    const alone = make({ heads: 1, hidden: hidden / 2 });
    const params = randomLike(both.init(Key.of(2), "float64") as Params, Key.of(3));
    const { output } = unfold(both, params, { x }, structure);
    const apart = [0, 1].map((j) => unfold(alone, ofHead(params, j), { x }, structure).output);
    expect(difference(numbers(output), numbers(concat(apart)))).toBeLessThan(1e-14);
  });

  test("first and second derivatives in the parameters, from an empty memory, some steps with keys of zero", () => {
    const cell = make({ heads: 2, hidden });
    const params = randomLike(cell.init(Key.of(2), "float64") as Params, Key.of(3));
    const some = fromArray(
      rows(x).flatMap((row, r) => (r % 2 === 0 ? row.map(() => 0) : row)),
      x.shape,
      "float64",
    );
    const { first, second } = checkDerivatives((p: Params) => lossOf(cell, p, some), params, {
      second: true,
    });
    expect(first).toBeLessThan(1e-6);
    expect(second).toBeLessThan(1e-6);
  });

  // The features of linear attention have a jump in their second derivative at 0.
  test.skipIf(name === "linearAttention")(
    "derivatives in an input of zeros, where keys and queries are zero",
    () => {
      const cell = make({ heads: 2, hidden });
      const params = randomLike(cell.init(Key.of(2), "float64") as Params, Key.of(3));
      const at = zeros(x.shape, "float64");
      const initial = Object.fromEntries(
        Object.entries(cell.state).map(([slot, shape], i) => {
          // What is divided by is a sum of positive numbers.
          const v = normal(Key.of(4 + i), [4, ...shape], "float64");
          return [slot, slot === "n" || slot === "normaliser" ? add(abs(v), 1) : v];
        }),
      );
      const loss = (v: Value) => lossOf(cell, params, v, initial as Params);
      const { first, second } = checkDerivatives(loss, at, {
        second: true,
        epsilon: 3e-8,
      });
      expect(first).toBeLessThan(1e-6);
      expect(second).toBeLessThan(1e-6);
    },
  );
});

describe("what is written", () => {
  const one = { input: 6, hidden: 3 };
  const placed = (from: number): Tensor =>
    tensor(
      Array.from({ length: 6 }, (_, r) => Array.from({ length: 3 }, (_, c) => (r === from + c ? 1 : 0))),
      "float64",
    );
  // A step's input is its key and its value; the query is the key, so that each step reads what it has just written.
  const steps = tensor(
    [
      [1, 0, 0, 5, 1, -2],
      [0, 1, 0, 3, 3, 3],
      [1, 0, 0, -4, 0, 7],
    ],
    "float64",
  );
  const ones = {
    Q: placed(0),
    K: placed(0),
    V: placed(3),
    B: zeros([6, 1], "float64"),
    b: tensor([40], "float64"),
  };

  test("under the delta rule, a value takes the place of the one before under its key", () => {
    const { output } = unfold(deltaRule(one), ones, { x: steps }, chain([3]));
    expect(difference(numbers(output), [5, 1, -2, 3, 3, 3, -4, 0, 7])).toBeLessThan(1e-5);
  });

  test("under linear attention, values under one key are averaged", () => {
    const apart = { Q: mul(placed(0), 60), K: mul(placed(0), 60), V: placed(3) };
    const { output } = unfold(linearAttention(one), apart, { x: steps }, chain([3]));
    // phi gives a key 61 at its own place and 1 elsewhere, so that every value has some weight.
    const [same, other] = [61 * 61 + 1 + 1, 61 + 61 + 1];
    const mean = [0, 1, 2].map((c) => {
      const [first, second, third] = rows(steps).map((row) => row[3 + c]!) as [number, number, number];
      return (same * first + other * second + same * third) / (2 * same + other);
    });
    expect(difference(rows(output)[2]!, mean)).toBeLessThan(1e-8);
  });

  test("a gate that is open is no gate; one that is shut forgets all, and only then asks what is there", () => {
    const open = { ...ones, D: zeros([6, 1], "float64"), A: tensor([0], "float64") };
    const gated = (d: number) =>
      numbers(
        unfold(gatedDeltaRule(one), { ...open, d: tensor([d], "float64") }, { x: steps }, chain([3])).output,
      );
    const plain = numbers(unfold(deltaRule(one), ones, { x: steps }, chain([3])).output);
    expect(difference(gated(-60), plain)).toBeLessThan(1e-14);
    expect(difference(gated(60), [5, 1, -2, 3, 3, 3, -4, 0, 7])).toBeLessThan(1e-5);
  });
});

describe("eigenvalues below zero", () => {
  // The second input is the bit: beta is its largest for 1, and 0 for 0. Key, query and value are constant.
  const params = {
    Q: tensor([[1], [0]], "float64"),
    K: tensor([[1], [0]], "float64"),
    V: tensor([[0.5], [0]], "float64"),
    B: tensor([[-40], [80]], "float64"),
    b: tensor([0], "float64"),
  };
  const bits = Array.from({ length: 256 }, (_, t) => Number((t * t + (t >> 2)) % 3 === 1));
  const sequence = tensor(
    bits.map((bit) => [1, bit]),
    "float64",
  );
  const parities = bits.map((_, t) => bits.slice(0, t + 1).reduce((a, b) => a ^ b, 0));
  const answers = (largestBeta: number) =>
    numbers(
      unfold(deltaRule({ input: 2, hidden: 1, largestBeta }), params, { x: sequence }, chain([256])).output,
    );

  test("beta up to 2 counts 256 bits in twos with one number; beta up to 1 does not", () => {
    expect(answers(2).map(Math.round)).toEqual(parities);
    expect(answers(1).slice(200).map(Math.round)).toEqual(new Array(56).fill(1));
  });

  test("a step at its largest beta multiplies what is there by 1 - beta", () => {
    const start = (largestBeta: number) =>
      numbers(
        unfold(
          deltaRule({ input: 2, hidden: 1, largestBeta }),
          { ...params, V: zeros([2, 1], "float64") },
          { x: tensor([[1, 1]], "float64") },
          chain([1]),
          { initial: { memory: tensor([[[[3]]]], "float64") } },
        ).output,
      )[0]!;
    expect(start(2)).toBeCloseTo(-3, 4);
    expect(start(1)).toBeCloseTo(0, 4);
    expect(start(0.5)).toBeCloseTo(1.5, 4);
  });
});

describe("the stabiliser", () => {
  const cell = mlstm({ input, hidden });
  const params = randomLike(cell.init(Key.of(2), "float64"), Key.of(3));
  /** Input gates of nearly exp(bias) at every step. */
  const withInputBias = <T extends { bi: Tensor }>(p: T, bias: number): T => ({
    ...p,
    bi: constant(bias, [1], p.bi.dtype) as Tensor,
  });

  /** mLSTM as (19) to (27) are printed, for one head. */
  const printed = defineCell({
    name: "printed",
    inputs: () => ({ x: [input] }),
    state: () => ({ C: [1, hidden, hidden], n: [1, hidden] }),
    params: () => cell.specs,
    step({ x, C, n }, { Q, K, V, O, c, G, bf, bi }) {
      const [q, v] = [matmul(x, Q), reshape(matmul(x, V), [1, hidden, 1])];
      const [f, i] = split(add(matmul(x, G), concat([bf, bi])), 2);
      const [keep, put] = [exp(neg(softplus(neg(f)))), exp(i)];
      const k = mul(put, reshape(mul(matmul(x, K), 1 / Math.sqrt(hidden)), [1, hidden]));
      const memory = add(mul(keep, C), mul(v, k));
      const size = add(mul(keep, n), k);
      const found = reshape(matmul(memory, reshape(q, [1, hidden, 1])), [hidden]);
      const read = div(found, maximum(abs(dot(size, q)), 1));
      return { state: { C: memory, n: size }, output: mul(sigmoid(add(matmul(x, O), c)), read) };
    },
  })(undefined);

  const outputs = (of: { output: Value }) => numbers(of.output);

  test("changes no bit where no input gate is above 1", () => {
    for (const dtype of ["float64", "float32"] as const) {
      const p = withInputBias(cast(params, dtype), -9);
      const given = { x: cast(x, dtype) };
      expect(outputs(unfold(cell, p, given, structure, { loop: "plain" }))).toEqual(
        outputs(unfold(printed, p, given, structure, { loop: "plain" })),
      );
    }
  });

  test("changes nothing but the rounding where gates are large", () => {
    for (const bias of [0, 3, 30, 300]) {
      const p = withInputBias(params, bias);
      const expected = outputs(unfold(printed, p, { x }, structure));
      expect(difference(outputs(unfold(cell, p, { x }, structure)), expected)).toBeLessThan(1e-12);
    }
  });

  test("keeps mLSTM finite, with derivatives, where the equations as printed overflow", () => {
    const expected = outputs(unfold(printed, withInputBias(params, 300), { x }, structure));
    const far = withInputBias(params, 5000);
    expect(outputs(unfold(printed, far, { x }, structure)).some(Number.isNaN)).toBe(true);
    expect(difference(outputs(unfold(cell, far, { x }, structure)), expected)).toBeLessThan(1e-12);
    for (const bias of [-5000, 5000]) expectFinite(cell, withInputBias(cast(params, "float32"), bias));
  });

  test("keeps sLSTM finite, with derivatives; a factor common to all input gates cancels", () => {
    const scalar = slstm({ input, hidden });
    const p = randomLike(scalar.init(Key.of(2), "float64"), Key.of(3));
    const moved = (by: number): ParamsOf<typeof scalar.specs> => ({
      ...p,
      b: add(
        p.b,
        fromArray(
          [0, by, 0, 0].flatMap((v) => new Array(hidden).fill(v)),
          [16],
          "float64",
        ),
      ) as Tensor,
    });
    const expected = outputs(unfold(scalar, p, { x }, structure));
    for (const by of [-5000, 5000]) {
      expect(difference(outputs(unfold(scalar, moved(by), { x }, structure)), expected)).toBeLessThan(1e-10);
      expectFinite(scalar, cast(moved(by), "float32"));
    }
  });

  test("is not divided by where a query reads nothing", () => {
    const p = { ...withInputBias(cast(params, "float32"), 5000), Q: zeros([input, hidden]) };
    expect(outputs(unfold(cell, p, { x: cast(x, "float32") }, structure)).every((v) => v === 0)).toBe(true);
    expectFinite(cell, p);
  });
});

test("memoryReport shows what fast weights hold, the heads one after the other", async () => {
  const cell = deltaRule({ input, hidden, heads: 2, keys: 3 });
  const params = cell.init(Key.of(2), "float64");
  const loss = (p: object): Value => lossOf(cell, p, x);
  const { layers } = await memoryReport(loss as never, params, { sequences: 1 });
  const { rows: held, width, sequences } = layers[0]!;
  expect([held, width]).toEqual([4, 3]);
  const { states } = unfold(cell, params, { x }, structure, { states: true });
  const last = numbers(states!.memory)
    .slice(structure.rowsOf(0).at(-1)! * 12)
    .slice(0, 12);
  expect([...sequences[0]!.contents.slice(-12)]).toEqual(last);
  expect(sequences[0]!.gradients.some((v) => v !== 0)).toBe(true);
});

describe("settings", () => {
  test("a head has 64 features where 64 divide the width, and else there is one", () => {
    expect(deltaRule({ input, hidden: 128 }).state.memory).toEqual([2, 64, 64]);
    expect(mlstm({ input, hidden: 96 }).state.memory).toEqual([1, 96, 96]);
    expect(linearAttention({ input, hidden: 6, heads: 3, keys: 5 }).state).toEqual({
      memory: [3, 2, 5],
      normaliser: [3, 5],
    });
  });

  test("say what they must be", () => {
    expect(() => deltaRule({ input, hidden, heads: 3 })).toThrow(
      "deltaRule: 4 hidden features do not fall into 3 heads of equal width; make hidden a multiple of heads",
    );
    expect(() => slstm({ input, hidden, heads: 3 })).toThrow(
      "slstm: 4 hidden features do not fall into 3 heads",
    );
    expect(() => gatedDeltaRule({ input, hidden, largestBeta: 3 })).toThrow(
      "gatedDeltaRule: largestBeta is a number above 0 and at most 2, beyond which the memory grows without bound, got 3",
    );
  });
});

/** A scalar of all outputs. */
function lossOf(cell: AnyCell, params: object, inputs: Value, initial: Params = {}): Value {
  const { output } = unfold(cell, params, { x: inputs }, structure, { initial });
  return sum(mul(add(output, mul(output, output)), normal(Key.of(9), output.shape, output.dtype)));
}

/** Outputs, gradient and a Hessian-vector product. */
function expectFinite<P>(cell: { readonly specs: P }, params: object): void {
  const any = cell as unknown as AnyCell;
  const point = { params, x: cast(x, "float32") };
  const loss = (p: { params: object; x: Value }) => lossOf(any, p.params, p.x);
  const along = randomLike(point, Key.of(7));
  const all = [
    unfold(any, params, { x: point.x }, structure).output,
    ...leaves(grad(loss)(point)),
    ...leaves(hessianVectorProduct(loss)(point, along)),
  ];
  for (const v of all) expect(numbers(v as Value).every(Number.isFinite)).toBe(true);
}

function cast<T>(tree: T, dtype: DType): T {
  return mapTree(tree, (v) => fromArray(numbers(v), v.shape, dtype));
}

/** Of parameters for two heads, those of one: the columns of each that are its own. */
function ofHead(params: Params, j: number): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, p]) => {
      const half = (v: Value) => split(v, 2)[j]!;
      // The two gates of mLSTM lie side by side, each with its heads.
      return [name, (name === "G" ? concat(split(p, 2).map(half)) : half(p)) as Tensor];
    }),
  );
}
