import {
  crossEntropyMean,
  defaultExecutor,
  fromArray,
  gaussNewton,
  hessianVectorProduct,
  Key,
  linear,
  normal,
  scope,
  type Tensor,
  type Traceable,
  useExecutor,
  type Value,
  valueAndGrad,
} from "longspan";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const [n, classes, hidden] = [64, 4096, 8];
/** Bytes of one tensor of the logits' size. */
const size = 4 * n * classes;

describe.each(executorRows)("cross-entropy over a large vocabulary: $name", ({ name }) => {
  if (missing(name)) {
    test.skip(`not available: ${missing(name)}`, () => {});
    return;
  }
  const chosen = executorOf(name);
  let o: Tensor;
  let v: Tensor;
  let y: Tensor;
  beforeAll(() => {
    useExecutor(chosen);
    o = normal(Key.of(1), [n, classes]);
    v = normal(Key.of(2), [n, classes]);
    y = fromArray(
      Int32Array.from({ length: n }, (_, i) => (i * 997) % classes),
      [n],
      "int32",
    );
  });
  const loss = (at: Value) => crossEntropyMean(at, y);

  /** The most memory in use at once while `f` runs, beside what was in use before, in tensors of the logits' size. */
  const most = (f: () => unknown): number => {
    const start = chosen.statistics.bytesInUse;
    let peak = 0;
    const allocate = chosen.allocate.bind(chosen);
    chosen.allocate = (dtype, length) => {
      const handle = allocate(dtype, length);
      peak = Math.max(peak, chosen.statistics.bytesInUse - start);
      return handle;
    };
    try {
      scope(() => {
        f();
      });
    } finally {
      chosen.allocate = allocate;
    }
    return peak / size;
  };

  /** Numbers per row and of the parameters are small beside the logits. */
  const little = 0.1;

  test("the value makes no tensor of the logits' size, the gradient itself alone", () => {
    expect(most(() => loss(o))).toBeLessThan(little);
    expect(most(() => valueAndGrad(loss)(o))).toBeLessThan(1 + little);
  });

  test("a Hessian-vector product makes the gradient that it differentiates and itself; Gauss-Newton's the same", () => {
    expect(most(() => hessianVectorProduct(loss)(o, v))).toBeLessThan(2 + little);
    const curvature = gaussNewton(loss, o);
    expect(most(() => curvature.product(v))).toBeLessThan(1 + little);
    curvature.dispose();
  });

  test("behind a readout: the product, the bias as a matrix and their sum; the first two are gone when the gradient is made", () => {
    const layer = linear({ input: hidden, output: classes });
    const params = layer.init(Key.of(3));
    const x = normal(Key.of(4), [n, hidden]);
    const f = valueAndGrad((p: Traceable<typeof params>) => crossEntropyMean(layer.apply(p, x), y));
    const ofParameters = (hidden + 1) / n;
    expect(most(() => f(params))).toBeLessThan(3 + ofParameters + little);
  });
});
