import {
  add,
  allOps,
  apply,
  broadcastShapes,
  chain,
  clipGradient,
  concat,
  defaultExecutor,
  div,
  fromArray,
  grad,
  hessianVectorProduct,
  jvp,
  Key,
  keep,
  leafEntries,
  less,
  linearize,
  log,
  logSumExp,
  mapTrees,
  matmul,
  mul,
  normal,
  type Op,
  onCpu,
  permute,
  relu,
  reshape,
  scope,
  slice,
  softmax,
  split,
  stopGradient,
  sum,
  type Tensor,
  tensor,
  threefry2x32,
  trees,
  uniform,
  type Value,
  valueAndGrad,
  vjp,
  where,
  zeros,
} from "longspan/engine";
import { describe, expect, test } from "vitest";

const list = (v: Value) => Array.from(onCpu(v).toArray());

describe("tensors", () => {
  test("read back what was written, asynchronously and on the CPU", async () => {
    const t = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(t.shape).toEqual([2, 3]);
    expect(Array.from(await t.data())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(list(permute(t))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(onCpu(sum(t)).item()).toBe(21);
  });
  test("errors say what was given and what was expected", () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(
      "tensor: ragged lists: values[1] should hold 2 entries, has 1",
    );
    expect(() => fromArray([1, 2, 3], [2, 2])).toThrow(
      "fromArray: 3 numbers for the shape [2, 2], which holds 4",
    );
    expect(() => fromArray([1.5], [1], "int32")).toThrow("element 0 is 1.5, not an integer");
    expect(() => add(zeros([2, 3]), zeros([2, 4]))).toThrow(
      "add: shapes [2, 3] and [2, 4] do not broadcast (axis -1 has 3 and 4",
    );
    expect(() => add(zeros([2]), zeros([2], "float64"))).toThrow(
      "operands are float32 and float64; types are never promoted silently",
    );
    expect(() => matmul(zeros([2, 3]), zeros([4, 2]))).toThrow("matmul: shapes [2, 3] and [4, 2] do not fit");
    expect(() => split(zeros([7]), 4)).toThrow(
      "split: the last axis has 7 elements, which do not make 4 equal parts",
    );
    expect(() => reshape(zeros([6]), [4, 2])).toThrow(
      "reshape: [6] has 6 elements, which cannot be laid out in the shape [4, 2]",
    );
    expect(() => onCpu(zeros([2])).item()).toThrow("item() of a tensor [2], which has 2 elements");
    expect(() => add(undefined as never, zeros([1]))).toThrow(
      "add: expected a value or a number, got undefined",
    );
  });
  test("the broadcasting rule", () => {
    expect(broadcastShapes([2, 1, 4], [3, 1], "t")).toEqual([2, 3, 4]);
    expect(list(add(tensor([[1], [2]]), tensor([10, 20])))).toEqual([11, 21, 12, 22]);
    expect(list(mul(tensor([1, 2]), 3))).toEqual([3, 6]);
  });
  test("empty tensors", () => {
    expect(list(add(zeros([0, 3]), zeros([3])))).toEqual([]);
    expect(list(sum(zeros([0, 3]), 0))).toEqual([0, 0, 0]);
    expect(list(matmul(zeros([0, 3]), zeros([3, 2])))).toEqual([]);
    expect(list(matmul(zeros([2, 0]), zeros([0, 2])))).toEqual([0, 0, 0, 0]);
    expect(concat([zeros([0, 2]), zeros([1, 2])], 0).shape).toEqual([1, 2]);
  });
  test("NaN and infinities pass as they are", () => {
    expect(list(mul(tensor([Number.NaN, Number.POSITIVE_INFINITY, 0]), 2))).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      0,
    ]);
    expect(list(softmax(tensor([1000, 0, -1000], "float64")))).toEqual([1, 0, 0]);
  });
  test("what a select does not choose stays out of value and derivative", () => {
    const nan = fromArray([Number.NaN, Number.NaN], [2], "float64");
    const g = grad((x: Value) => sum(where(less(0, x), x, nan)))(tensor([4, 1], "float64"));
    expect(list(g)).toEqual([1, 1]);
    const h = grad((x: Value) => sum(where(less(0, tensor([1, -1], "float64")), mul(x, 2), nan)))(
      tensor([4, 1], "float64"),
    );
    expect(list(h)).toEqual([2, 0]);
  });
  test("relu has slope 0 at 0", () => {
    expect(list(grad((x: Value) => sum(relu(x)))(tensor([-1, 0, 2])))).toEqual([0, 0, 1]);
  });
});

test("logSumExp of masked rows and of infinities", () => {
  const inf = Number.POSITIVE_INFINITY;
  expect(
    list(
      logSumExp(
        tensor(
          [
            [-inf, -inf],
            [inf, 0],
            [0, -inf],
          ],
          "float64",
        ),
      ),
    ),
  ).toEqual([-inf, inf, 0]);
});

test("sizes that are no sizes", () => {
  expect(() => reshape(tensor([1, 2, 3, 4]), [3, -1])).toThrow(
    "reshape: [4] has 4 elements, which cannot be laid out in the shape [3, -1]",
  );
  expect(() => reshape(tensor([1, 2]), [-1, -1])).toThrow("one may be -1");
  expect(() => slice(tensor([1, 2]), 0, 0.5, 2)).toThrow("slice: start 0.5 and end 2");
  expect(reshape(tensor([1, 2, 3, 4]), [2, -1]).shape).toEqual([2, 2]);
});

describe("memory", () => {
  test("what a scope makes and does not return is released; touching it throws", () => {
    // The number 1 is kept for all who use it.
    scope(() => void add(zeros([1]), 1));
    const inUse = defaultExecutor().statistics.bytesInUse;
    let inner: Tensor | undefined;
    const kept = scope(() => {
      inner = zeros([100]);
      return { a: add(inner, 1) as Tensor };
    });
    expect(list(kept.a)[0]).toBe(1);
    expect(() => list(inner!)).toThrow(
      "this tensor [100] was released at the end of the scope it was made in; return it from there, or use keep()",
    );
    kept.a.dispose();
    expect(defaultExecutor().statistics.bytesInUse).toBe(inUse);
  });
  test("keep takes a tensor out of its scope; scopes nest", () => {
    let a: Tensor | undefined;
    const outer = scope(() =>
      scope(() => {
        a = keep(tensor([1, 2]));
        return [tensor([3])] as const;
      }),
    );
    expect(list(a!)).toEqual([1, 2]);
    expect(list(outer[0])).toEqual([3]);
  });
  test("a view keeps the memory alive", () => {
    const t = tensor([1, 2, 3, 4]);
    const v = reshape(t, [2, 2]);
    t.dispose();
    expect(list(v)).toEqual([1, 2, 3, 4]);
  });
  test("an asynchronous function is refused", () => {
    expect(() => scope(async () => 1)).toThrow("scope() takes a synchronous function");
  });
  test("a gradient releases all it made but its result, also when the function throws", () => {
    const w = normal(Key.of(1), [50, 50]);
    const f = valueAndGrad((p: Value) => sum(matmul(p, p)));
    for (const r of Object.values(f(w))) (r as Tensor).dispose();
    const inUse = defaultExecutor().statistics.bytesInUse;
    for (let i = 0; i < 5; i++) for (const r of Object.values(f(w))) (r as Tensor).dispose();
    expect(() => valueAndGrad((p: Value) => matmul(p, zeros([3, 3])))(w)).toThrow("matmul");
    expect(defaultExecutor().statistics.bytesInUse).toBe(inUse);
  });
  test("the residuals of a linearisation belong to its holder", () => {
    const x = tensor([1, 2, 3], "float64");
    const seed = tensor([1, 1, 1], "float64");
    const inUse = defaultExecutor().statistics.bytesInUse;
    const lin = linearize((v: Value) => mul(v, mul(v, v)), x);
    const held = defaultExecutor().statistics.bytesInUse;
    (lin.pullback(seed) as Tensor).dispose();
    (lin.pushforward(seed) as Tensor).dispose();
    expect(defaultExecutor().statistics.bytesInUse).toBe(held);
    const back = lin.pullback(seed) as Tensor;
    expect(list(back)).toEqual([3, 12, 27]);
    back.dispose();
    (lin.value as Tensor).dispose();
    lin.dispose();
    expect(defaultExecutor().statistics.bytesInUse).toBe(inUse);
  });
});

describe("derivatives", () => {
  test("of derivatives, to third order", () => {
    const cube = (x: Value) => sum(mul(x, mul(x, x)));
    const x = tensor([2], "float64");
    expect(list(grad(cube)(x))).toEqual([12]);
    expect(list(hessianVectorProduct(cube)(x, tensor([1], "float64")))).toEqual([12]);
    const third = grad((y: Value) => sum(hessianVectorProduct(cube)(y as Tensor, tensor([1], "float64"))));
    expect(list(third(x))).toEqual([6]);
  });
  test("trees come back in their own form; integers get zeros", () => {
    interface Params {
      w: Value;
      deep: { b: Value[] };
      ids: Value;
    }
    const p = { w: tensor([1, 2]), deep: { b: [tensor([3])] }, ids: tensor([1], "int32") };
    const g = grad((q: Params) => add(sum(mul(q.w, q.w)), sum(mul(q.deep.b[0]!, 5))))(p);
    expect(leafEntries(g).map(([path, v]) => [path, list(v)])).toEqual([
      ["w", [2, 4]],
      ["deep.b[0]", [5]],
      ["ids", [0]],
    ]);
  });
  test("jvp, vjp and a scalar function's result", () => {
    const f = (x: Value) => mul(x, log(x));
    const x = tensor([2, 3], "float64");
    const { value, tangent } = jvp(f)(x, tensor([1, 0], "float64"));
    expect(list(value)[0]).toBeCloseTo(2 * Math.log(2), 14);
    expect(list(tangent)[0]).toBeCloseTo(Math.log(2) + 1, 14);
    const back = vjp(f, x);
    expect(list(back.pullback(tensor([0, 1], "float64")))[1]).toBeCloseTo(Math.log(3) + 1, 14);
    expect(() => grad((v: Value) => v)(x)).toThrow(
      "the function must return one number, got [2]; use sum() or mean()",
    );
  });
  test("reading a value while it is differentiated is refused", () => {
    expect(() => grad((x: Value) => mul(x, onCpu(x).item()))(tensor(2))).toThrow(
      "being traced or differentiated holds no data",
    );
  });
  test("stopGradient and clipGradient: identities in value", () => {
    const x = tensor([3, -4], "float64");
    expect(list(clipGradient(x, 1))).toEqual([3, -4]);
    expect(list(grad((v: Value) => sum(mul(stopGradient(v), v)))(x))).toEqual([3, -4]);
    const f = (v: Value) => sum(mul(clipGradient(v, 1), tensor([0.5, -7], "float64")));
    expect(list(grad(f)(x))).toEqual([0.5, -1]);
    expect(list(jvp(f)(x, tensor([1, 1], "float64")).tangent)).toEqual([-6.5]);
    expect(() => clipGradient(x, 0)).toThrow("limit is a positive number");
  });
  test("directions and cotangents are matched by path, and checked", () => {
    const f = (p: { a: Value; b: Value }) => mul(p.a, 2);
    const x = { a: tensor([1]), b: tensor([2]) };
    expect(list(jvp(f)(x, { b: tensor([20]), a: tensor([10]) }).tangent)).toEqual([20]);
    expect(() => jvp(f)(x, { a: tensor([1]) } as never)).toThrow(
      "tangent of b: expected float32 [1], got none",
    );
    const two = (v: Value) => [mul(v, 2), mul(v, 3)];
    expect(() => vjp(two, x.a).pullback([tensor([1])] as never)).toThrow(
      "cotangent of [1]: expected float32 [1], got none",
    );
    expect(() => vjp(two, x.a).pullback([tensor([1]), tensor([1], "float64")])).toThrow(
      "expected float32 [1], got float64 [1]",
    );
  });
  test("a linearisation inside another derivative may be disposed of and leaks nothing", () => {
    const w = tensor([1, 2], "float64");
    const one = tensor([1, 1], "float64");
    const f = (v: Value) => {
      const lin = linearize((u: Value) => mul(u, mul(u, u)), v as Tensor);
      const back = sum(lin.pullback(one));
      lin.dispose();
      return back;
    };
    (grad(f)(w) as Tensor).dispose();
    const inUse = defaultExecutor().statistics.bytesInUse;
    for (let i = 0; i < 5; i++) {
      const g = grad(f)(w) as Tensor;
      expect(list(g)).toEqual([6, 12]);
      g.dispose();
    }
    expect(defaultExecutor().statistics.bytesInUse).toBe(inUse);
  });
  test("results never share their ownership with the caller's tensors", () => {
    const x = tensor([1, 2]);
    const r = jvp((v: Value) => v)(x, x);
    (r.value as Tensor).dispose();
    (r.tangent as Tensor).dispose();
    expect(list(x)).toEqual([1, 2]);
  });
  test("mapTrees names the path that is missing", () => {
    expect(() => mapTrees({ a: zeros([1]), b: zeros([1]) }, [{ a: zeros([1]) }], ([v]) => v!)).toThrow(
      'others[0] has no value at "b"',
    );
  });
});

describe("random streams", () => {
  test("Threefry-2x32 gives the vectors of Random123", () => {
    const out = new Int32Array(2);
    const hex = () => Array.from(out, (w) => (w >>> 0).toString(16).padStart(8, "0"));
    threefry2x32(0, 0, 0, 0, out, 0);
    expect(hex()).toEqual(["6b200159", "99ba4efe"]);
    threefry2x32(-1, -1, -1, -1, out, 0);
    expect(hex()).toEqual(["1cb996fc", "bb002be7"]);
    threefry2x32(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, out, 0);
    expect(hex()).toEqual(["c4923a9c", "483df7a0"]);
  });
  test("the same key gives the same bits; splits differ", () => {
    const [a, b] = Key.of(1).split(2);
    expect(list(uniform(a!, [3]))).toEqual(list(uniform(Key.of(1).split(2)[0]!, [3])));
    expect(list(uniform(a!, [3]))).not.toEqual(list(uniform(b!, [3])));
    expect(() => Key.of(0.5)).toThrow("seed is an integer, got 0.5");
  });
  test("uniforms and normals have their moments", () => {
    const n = 20000;
    for (const dtype of ["float32", "float64"] as const) {
      const u = list(uniform(Key.of(3), [n], dtype));
      expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...u)).toBeLessThan(1);
      // Five standard errors.
      expect(Math.abs(u.reduce((p, x) => p + x, 0) / n - 0.5)).toBeLessThan(
        (5 * Math.sqrt(1 / 12)) / Math.sqrt(n),
      );
      const z = list(normal(Key.of(4), [n], dtype));
      expect(Math.abs(z.reduce((p, x) => p + x, 0) / n)).toBeLessThan(5 / Math.sqrt(n));
      expect(Math.abs(z.reduce((p, x) => p + x * x, 0) / n - 1)).toBeLessThan(
        (5 * Math.sqrt(2)) / Math.sqrt(n),
      );
    }
  });
});

describe("structures", () => {
  test("a chain's rows are time-major, the longest sequence first; pack and unpack undo each other", () => {
    const s = chain([2, 3]);
    expect(Array.from(s.parts.sequenceOf)).toEqual([1, 0, 1, 0, 1]);
    expect(s.rowsOf(0)).toEqual([1, 3]);
    const x = tensor([[1], [2], [10], [20], [30]]);
    expect(list(s.pack(x))).toEqual([10, 1, 20, 2, 30]);
    expect(list(s.unpack(s.pack(x)))).toEqual(list(x));
    expect(() => s.pack(zeros([4, 1]))).toThrow(
      "pack: the leading axis has 4 rows, the structure has 5 nodes",
    );
  });
  test("trees name what is wrong with them", () => {
    expect(() => trees([{ children: [[1, 2, 3], [], [], []] }], { ports: ["left", "right"] })).toThrow(
      "tree 0: node 0 has 3 children, the cell has ports left, right",
    );
    expect(() => trees([{ children: [[1, 2], [2], []] }])).toThrow(
      "tree 0: node 2 is a child of both 0 and 1",
    );
  });
});

test("division by a traced value keeps its sign in both orders", () => {
  expect(list(grad((x: Value) => sum(div(1, x)))(tensor([2], "float64")))).toEqual([-0.25]);
});

test("two op records of one name are two ops", () => {
  const make = (code: "sin" | "cos"): Op => ({ ...allOps.find((op) => op.name === code)!, name: "mine" });
  const x = tensor([0], "float64");
  expect(list(apply(make("sin"), {}, x))).toEqual([0]);
  expect(list(apply(make("cos"), {}, x))).toEqual([1]);
});
