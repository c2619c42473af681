import {
  add,
  bernoulliCrossEntropyMean,
  type Cell,
  chain,
  childSumTreeLstm,
  crossEntropyMean,
  defineCell,
  fromArray,
  gaussNewton,
  gaussNewtonProduct,
  glorot,
  grad,
  hessianVectorProduct,
  jvp,
  Key,
  leaves,
  linear,
  lstm,
  mapTree,
  markModelOutputs,
  matmul,
  mean,
  meanSquaredErrorMean,
  mul,
  normal,
  onCpu,
  orthogonal,
  rnn,
  type Structure,
  sigmoid,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  trees,
  unfold,
  type Value,
} from "longspan";
import { describe, expect, it } from "vitest";

type Params = { cell: Record<string, Value>; readout: { W: Value; b: Value } };
const [input, hidden, classes] = [2, 3, 3];
const readout = linear({ input: hidden, output: classes });

const own = defineCell({
  name: "own",
  inputs: () => ({ x: [input] }),
  state: () => ({ a: [hidden], m: [hidden] }),
  params: () => ({ U: glorot(input, hidden), W: orthogonal(hidden, hidden) }),
  step({ x, a, m }, { U, W }) {
    const kept = add(mul(m, 0.7), mul(tanh(matmul(a, W)), sigmoid(matmul(x, U))));
    return { state: { a: tanh(add(kept, matmul(x, U))), m: kept }, output: add(kept, mul(a, 0.5)) };
  },
});

const ragged = chain([4, 2, 3]);
const forest = trees([{ children: [[], [], [0, 1]] }, { children: [[], [0], [], [1, 2]] }] as never);

interface Row {
  readonly name: string;
  readonly cell: Cell<never, never, never, Value>;
  readonly structure: Structure;
}
const rows = [
  { name: "rnn", cell: rnn({ input, hidden }), structure: ragged },
  { name: "lstm", cell: lstm({ input, hidden }), structure: ragged },
  { name: "a user's cell", cell: own({}), structure: ragged },
  { name: "tree", cell: childSumTreeLstm({ input, hidden }), structure: forest },
] as unknown as readonly Row[];

const flat = (tree: unknown) => leaves(tree).flatMap((v) => [...onCpu(v).toArray()]);

/** The parameters as one list of numbers, and back. */
function like(params: Params, numbers: readonly number[]): Params {
  let at = 0;
  return mapTree(params, (v) => {
    const part = numbers.slice(at, at + v.size);
    at += v.size;
    return fromArray(part, v.shape, "float64");
  });
}

const unit = (n: number, i: number) => Array.from({ length: n }, (_, k) => (k === i ? 1 : 0));

function setUp({ cell, structure }: Row) {
  const n = structure.nodes;
  const x = normal(Key.of(2), [n, input], "float64");
  const targets = fromArray(
    Array.from({ length: n }, (_, i) => i % classes),
    [n],
    "int32",
  );
  const numbers = normal(Key.of(3), [n, classes], "float64");
  const params = {
    cell: mapTree(cell.init(Key.of(1), "float64"), (v, path) =>
      add(v, mul(normal(Key.of(path.length), v.shape, "float64"), 0.3)),
    ),
    readout: readout.init(Key.of(4), "float64"),
  } as unknown as Params;
  const states = (p: Params) =>
    unfold(cell, p.cell as never, { x } as never, structure, { states: true }) as unknown as {
      output: Value;
      states: Record<string, Value>;
    };
  const outputs = (p: Params) => readout.apply(p.readout as never, states(p).output);
  return { params, states, outputs, targets, numbers };
}

/** J column by column, forwards. */
function jacobian(f: (p: Params) => unknown, params: Params): number[][] {
  const n = flat(params).length;
  return Array.from({ length: n }, (_, i) =>
    flat(jvp(f)(params as never, like(params, unit(n, i)) as never).tangent),
  );
}

/** Second derivatives of a loss at outputs by central differences of its gradient: no use of what is tested. */
function curvatureOf(loss: (o: Value) => Value, o: Value): number[][] {
  const at = flat(o);
  const e = 1e-4;
  const slope = (k: number, by: number) =>
    flat(
      grad(loss)(
        fromArray(
          at.map((v, i) => (i === k ? v + by : v)),
          o.shape,
          "float64",
        ) as never,
      ),
    );
  // Of fourth order, so that the error lies below 1e-10.
  return at.map((_, k) => {
    const [a, b, c, d] = [slope(k, 2 * e), slope(k, e), slope(k, -e), slope(k, -2 * e)] as const;
    return at.map((_, i) => (-a[i]! + 8 * b[i]! - 8 * c[i]! + d[i]!) / (12 * e));
  });
}

const timesTransposed = (J: number[][], H: number[][]) => {
  const JH = J.map((row) => H[0]!.map((_, i) => row.reduce((s, v, k) => s + v * H[k]![i]!, 0)));
  return JH.map((a) => J.map((b) => a.reduce((s, v, i) => s + v * b[i]!, 0)));
};

const largest = (m: number[][]) => Math.max(...m.flat().map(Math.abs));
const difference = (a: number[][], b: number[][]) =>
  Math.max(...a.flatMap((row, i) => row.map((v, j) => Math.abs(v - b[i]![j]!)))) / largest(b);

describe.each(rows)("$name", (row) => {
  const { params, states, outputs, targets, numbers } = setUp(row);
  const n = flat(params).length;
  const columns = (product: (v: Params) => unknown) =>
    Array.from({ length: n }, (_, i) => flat(product(like(params, unit(n, i)))));

  const losses: Record<string, (o: Value) => Value> = {
    "cross-entropy": (o) => crossEntropyMean(o, targets),
    "squared error": (o) => meanSquaredErrorMean(o, numbers),
    "Bernoulli cross-entropy": (o) => bernoulliCrossEntropyMean(o, sigmoid(numbers)),
  };

  it.each(Object.keys(losses))("the product of %s is that of the explicit matrix J' H J", (name) => {
    const loss = losses[name]!;
    const curvature = gaussNewton((p: Params) => loss(outputs(p)), params as never);
    const found = columns((v) => curvature.product(v as never));
    const explicit = timesTransposed(jacobian(outputs, params), curvatureOf(loss, outputs(params)));
    expect(difference(found, explicit)).toBeLessThan(1e-10);
    expect(flat(curvature.outputs)).toEqual(flat(outputs(params)));
    const back = flat(curvature.pullback(curvature.outputGradients));
    const gradient = flat(grad((p: Params) => loss(outputs(p)))(params as never));
    expect(difference([back], [gradient])).toBeLessThan(1e-12);
    curvature.dispose();
  });

  it("values beside the loss add their own J' J", () => {
    const loss = losses["squared error"]!;
    const beside = (p: Params) =>
      Object.values(states(p).states).map((value, k) => ({ value, weight: 0.5 + k }));
    const curvature = gaussNewton(
      (p: Params) => ({ loss: loss(outputs(p)), beside: beside(p) }),
      params as never,
    );
    const found = columns((v) => curvature.product(v as never, 3));
    const without = columns((v) => curvature.product(v as never));
    const explicit = without.map((r) => [...r]);
    beside(params).forEach(({ value, weight }, k) => {
      const J = jacobian((p) => beside(p)[k]!.value, params);
      const identity = flat(value).map((_, i) => unit(value.size, i).map((u) => 3 * weight * u));
      timesTransposed(J, identity).forEach((r, i) => {
        r.forEach((v, j) => {
          explicit[i]![j]! += v;
        });
      });
    });
    expect(difference(found, explicit)).toBeLessThan(1e-10);
    expect(difference(without, found)).toBeGreaterThan(0.01);
    curvature.dispose();
  });

  it("the Hessian's product is that of the matrix of differences, and differs from Gauss-Newton's", () => {
    const loss = (p: Params) => crossEntropyMean(outputs(p), targets);
    const found = columns((v) => hessianVectorProduct(loss)(params as never, v as never));
    const at = flat(params);
    const e = 2e-3;
    const slope = (i: number, by: number) =>
      flat(
        grad(loss)(
          like(
            params,
            at.map((v, k) => (k === i ? v + by : v)),
          ) as never,
        ),
      );
    // Of eighth order.
    const weights = [4 / 5, -1 / 5, 4 / 105, -1 / 280];
    const explicit = at.map((_, i) => {
      const total = at.map(() => 0);
      weights.forEach((w, k) => {
        const [up, down] = [slope(i, (k + 1) * e), slope(i, -(k + 1) * e)];
        total.forEach((_, j) => {
          total[j]! += (w * (up[j]! - down[j]!)) / e;
        });
      });
      return total;
    });
    expect(difference(found, explicit)).toBeLessThan(1e-10);
    const product = gaussNewtonProduct(loss);
    const other = columns((v) => product(params as never, v as never));
    expect(difference(other, found)).toBeGreaterThan(1e-3);
  });
});

describe("marks", () => {
  const params = { w: tensor([1, 1], "float64") };
  const v = { w: tensor([1, 2], "float64") };

  it("a loss of one's own is marked by hand, and what goes past the mark has no part", () => {
    const loss = (p: { w: Value }) => {
      const o = markModelOutputs(mul(p.w, tensor([2, 3], "float64")));
      return add(sum(mul(o, mul(o, o))), sum(mul(p.w, p.w)));
    };
    // H = 6 o = 12, 18; J = 2, 3
    expect(flat(gaussNewtonProduct(loss)(params, v))).toEqual([2 * 2 * 12, 3 * 3 * 18 * 2]);
  });

  it("outputs of two losses add up, also where one depends on the other", () => {
    const loss = (p: { w: Value }) => {
      const first = markModelOutputs(p.w);
      const second = markModelOutputs(mul(first, 2));
      return add(sum(mul(first, first)), sum(mul(second, second)));
    };
    // 2 + 2 . 2 . 2
    expect(flat(gaussNewtonProduct(loss)(params, v))).toEqual([10, 20]);
  });

  it("a loss without a mark is refused, saying what to do", () => {
    const loss = (p: { w: Value }) => mean(mul(p.w, p.w));
    expect(() => gaussNewton(loss, params)).toThrow(/marks no outputs.*markModelOutputs\(\)/);
    expect(() => gaussNewton((p: { w: Value }) => markModelOutputs(p.w), params)).toThrow(
      /one number, got \[2\]/,
    );
  });

  it("a mark in a function that is differentiated on the way is somebody else's", () => {
    const inner = (w: Value) => grad((u: Value) => sum(mul(markModelOutputs(u), mul(u, u))))(w as Tensor);
    const loss = (p: { w: Value }) => meanSquaredErrorMean(inner(p.w), tensor([0, 0], "float64"));
    const curvature = gaussNewton(loss, params);
    expect(curvature.outputs.length).toBe(1);
    // o = 3 w^2, J = 6 w, H = 2 / 2
    expect(flat(curvature.product(v))).toEqual([36, 72]);
    curvature.dispose();
  });

  it("after dispose there are no products: an error that says so", () => {
    const curvature = gaussNewton((p: { w: Value }) => meanSquaredErrorMean(p.w, sub(p.w, 1)), params);
    curvature.dispose();
    expect(() => curvature.product(v)).toThrow("gaussNewton: a product after dispose()");
    expect(() => curvature.pullback([tensor([1, 1], "float64")])).toThrow("a product after dispose()");
  });

  it("a direction of another form is refused by name; the parameters stay the caller's", () => {
    const loss = (p: { w: Value }) => meanSquaredErrorMean(p.w, sub(p.w, 1));
    expect(() => gaussNewtonProduct(loss)(params, { w: tensor([1], "float64") })).toThrow(
      /direction of w: expected float64 \[2\], got float64 \[1\]/,
    );
  });
});
