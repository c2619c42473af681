import {
  add,
  castTree,
  chain,
  concat,
  curvatureByLag,
  defaultExecutor,
  defineCell,
  fromArray,
  glorot,
  grad,
  hessianVectorProduct,
  identity,
  jvp,
  Key,
  leaves,
  logSumExp,
  lstm,
  mapTree,
  markModelOutputs,
  matmul,
  mul,
  normal,
  onCpu,
  ones,
  recurrent,
  rnn,
  slice,
  square,
  stacked,
  sub,
  sum,
  type Traceable,
  tanh,
  tensor,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";
import { settled } from "../../../../tests/settled.js";
import { type AnyCell, type AnyParams, cells } from "./cells.js";

const list = (v: unknown) => leaves(v).flatMap((x) => Array.from(onCpu(x as Value).toArray()));
const inner = (a: readonly number[], b: readonly number[]) => a.reduce((p, v, i) => p + v * b[i]!, 0);

/** A user's cell that gives what no slot holds, by weights of its own. */
const reader = defineCell({
  name: "reader",
  inputs: () => ({ x: [2] }),
  state: () => ({ h: [3] }),
  params: () => ({ U: glorot(2, 3), W: glorot(3, 3), V: glorot(3, 3) }),
  step({ x, h }, { U, W, V }) {
    const next = tanh(add(matmul(x, U), matmul(h, W)));
    return { state: { h: next }, output: square(matmul(next, V)) };
  },
})({}) as unknown as AnyCell;

/** h(t) = w h(t-1) + x(t), one number. */
const line = defineCell({
  name: "line",
  inputs: () => ({ x: [1] }),
  state: () => ({ h: [1] }),
  params: () => ({ w: identity(1) }),
  step({ x, h }, { w }) {
    const next = add(matmul(h, w), x);
    return { state: { h: next }, output: next };
  },
})({});

/** sum over rows of ln sum exp z - z[0]: convex in z, of a Hessian that depends on z. */
const convex = (z: Value) => sum(sub(logSumExp(z), slice(z, 1, 0, 1)));

/** What the loss sees of a net's last outputs. */
const readout = normal(Key.of(7), [3, 3], "float64");
const outputsOf = (last: Value) => mul(matmul(last, slice(readout, 0, 0, last.shape[1]!)), 2);

/** Sequences one by one, each step by a call of its own and with the weights of its lag: nothing of the engine's loop. */
function unrolled(cell: AnyCell, lengths: readonly number[], x: readonly Value[]) {
  return (copies: readonly AnyParams[]): Value =>
    outputsOf(
      concat(
        lengths.map((length, s) => {
          let initial: Record<string, Value> = Object.fromEntries(
            Object.entries(cell.state).map(([k, shape]) => [k, zeros([1, ...shape], "float64")]),
          );
          let output: Value | undefined;
          for (let t = 0; t < length; t++) {
            const step = unfold(cell, copies[length - 1 - t]!, { x: slice(x[s]!, 0, t, t + 1) }, chain([1]), {
              initial,
            });
            initial = step.final as Record<string, Value>;
            output = step.output;
          }
          return output!;
        }),
        0,
      ),
    );
}

describe("curvatureByLag", () => {
  for (const cell of [...cells, reader])
    test(`${cell.name}, ragged: each number is that of an unrolled net with a copy of the weights at each lag`, async () => {
      const lengths = [6, 3];
      const structure = chain(lengths);
      const params = cell.init(Key.of(1), "float64") as unknown as AnyParams;
      const x = normal(Key.of(2), [9, 2], "float64");
      const rows = onCpu(x).toArray();
      const own = lengths.map((length, s) => {
        const at = [...structure.rowsOf(s)].flatMap((row) => [rows[2 * row]!, rows[2 * row + 1]!]);
        return fromArray(at, [length, 2], "float64");
      });
      const last = lengths.map((_, s) => [...structure.rowsOf(s)].at(-1)!);
      const { layers, loss } = await curvatureByLag((p: Traceable<AnyParams>) => {
        const { output } = unfold(cell, p as never, { x }, structure);
        return convex(
          markModelOutputs(
            outputsOf(
              concat(
                last.map((row) => slice(output, 0, row, row + 1)),
                0,
              ),
            ),
          ),
        );
      }, params);

      const outputs = unrolled(cell, lengths, own);
      const copies = new Array<AnyParams>(6).fill(params);
      const total = (c: readonly AnyParams[]) => convex(outputs(c));
      const z = outputs(copies);
      expect(loss).toBeCloseTo(list(convex(z))[0]!, 13);
      const g = grad(total)(copies as never) as unknown as AnyParams[];
      const { lags } = layers[0]!;
      expect(lags.map((l) => l.lag)).toEqual([0, 1, 2, 3, 4, 5]);
      for (const { lag, gradient, own, tied } of lags) {
        const size = Math.sqrt(inner(list(g[lag]), list(g[lag])));
        close(gradient, size);
        const only = copies.map((_, k) =>
          k === lag ? g[lag]! : mapTree(params, (v) => zeros(v.shape, "float64")),
        );
        const every = copies.map(() => g[lag]!);
        for (const [found, direction] of [
          [own!, only],
          [tied!, every],
        ] as const) {
          const hv = hessianVectorProduct(total)(copies as never, direction as never);
          close(found.hessian, inner(list(hv), list(direction)) / size ** 2);
          const slope = jvp(outputs)(copies as never, direction as never).tangent;
          const curved = hessianVectorProduct(convex)(z as never, slope);
          close(found.gaussNewton!, inner(list(curved), list(slope)) / size ** 2);
        }
      }
    });

  test("a linear net under a squared error: closed forms, at lags whose curvature is 1e-60 too", async () => {
    const [w, steps] = [0.5, 100];
    const params = { w: tensor([[w]], "float64") };
    const x = ones([steps, 1], "float64");
    const { layers } = await curvatureByLag(
      (p: Traceable<typeof params>) =>
        sum(mul(square(markModelOutputs(unfold(line, p, { x }, chain([steps])).final.h)), 0.5)),
      params,
      { lags: [0, 1, 2, 20, 50, 98] },
    );
    // z = 1 + w + ... + w^(T-1); the copy at lag k multiplies h(T-k-1), and w^k follows.
    let [z, first, second] = [0, 0, 0];
    for (let j = 0; j < steps; j++) {
      z += w ** j;
      first += j * w ** (j - 1);
      second += j * (j - 1) * w ** (j - 2);
    }
    for (const { lag, gradient, own, tied } of layers[0]!.lags) {
      const slope = (w ** lag * (1 - w ** (steps - lag - 1))) / (1 - w);
      close(gradient, z * slope);
      close(own!.hessian, slope ** 2);
      close(own!.gaussNewton!, slope ** 2);
      close(tied!.hessian, first ** 2 + z * second);
      close(tied!.gaussNewton!, first ** 2);
    }
    expect(layers[0]!.lags.at(-1)!.own!.hessian).toBeLessThan(1e-58);
  });

  test("the verdict tells a curvature that falls with |g| from one that falls as its square", async () => {
    const look = async (w: number, curved: boolean, x = normal(Key.of(2), [60, 1], "float64")) => {
      const cell = rnn({ input: 1, hidden: 1 });
      const steps = 60;
      const own = { w: tensor([[w]], "float64") };
      const tanhNet = {
        ...cell.init(Key.of(1), "float64"),
        W: own.w,
        U: tensor([[0.5]], "float64"),
      };
      const loss = (z: Value) => sum(square(sub(z, 0.8)));
      const { layers } = curved
        ? await curvatureByLag(
            (p: Traceable<typeof tanhNet>) =>
              loss(markModelOutputs(unfold(cell, p, { x }, chain([steps])).final.h)),
            tanhNet,
          )
        : await curvatureByLag(
            (p: Traceable<typeof own>) =>
              loss(markModelOutputs(unfold(line, p, { x }, chain([steps])).final.h)),
            own,
          );
      return layers[0]!.verdict;
    };
    const linear = await look(0.7, false);
    expect(linear.kind).toBe("faster");
    expect(Math.abs(linear.perStep!.gradient - 0.7)).toBeLessThan(0.02);
    expect(Math.abs(linear.perStep!.hessian! - 0.49)).toBeLessThan(0.03);
    expect(linear.words).toMatch(
      /^per step of lag, \|g\| changes by the factor 0\.\d+, \|g'Hg\/g'g\| by 0\.\d+ and/,
    );
    const curved = await look(0.7, true);
    expect(curved.kind).toBe("constant ratio");
    expect(
      Math.abs(Math.log(curved.perStep!.hessian!) / Math.log(curved.perStep!.gradient) - 1),
    ).toBeLessThan(0.1);
    expect(
      Math.abs(Math.log(curved.perStep!.gaussNewton!) / Math.log(curved.perStep!.gradient) - 2),
    ).toBeLessThan(0.1);
    const start = fromArray([5, ...new Array(59).fill(0)], [60, 1], "float64");
    expect((await look(1, false, start)).kind).toBe("even");
  });

  test("a float32 model of two layers gives what its float64 twin does, at lags of 1e-25 too", async () => {
    const net = stacked([recurrent(rnn({ input: 2, hidden: 3 })), recurrent(rnn({ input: 3, hidden: 2 }))]);
    const params = mapTree(net.init(Key.of(1)), (v) => mul(v, 0.4));
    const x = normal(Key.of(2), [70, 2]);
    const look = async (p: typeof params, given: Value) =>
      (
        await curvatureByLag(
          (q: Traceable<typeof params>) =>
            convex(markModelOutputs(net.apply(q, given, chain([70])).final[1].h)),
          p,
          { lags: [1, 10, 69] },
        )
      ).layers;
    const [narrow, wide] = [
      await look(params, x),
      await look(castTree(params, "float64"), castTree(x, "float64")),
    ];
    expect(narrow.map((l) => [l.layer, l.cell, l.weights])).toEqual([
      [0, "rnn", 18],
      [1, "rnn", 12],
    ]);
    const numbers = (layers: typeof narrow) =>
      layers.flatMap(({ lags }) =>
        lags.flatMap((l) => [l.gradient, l.own!.hessian, l.own!.gaussNewton!, l.tied!.hessian]),
      );
    const known = numbers(wide);
    numbers(narrow).forEach((v, i) => {
      expect(Math.abs(v / known[i]! - 1), `${v} for ${known[i]}`).toBeLessThan(1e-4);
    });
    expect(wide[0]!.lags[2]!.gradient).toBeLessThan(1e-24);
  });

  test("no outputs marked, weights that do not matter, a cell that draws, and a loss without layers", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1));
    const x = normal(Key.of(2), [9, 2]);
    const last = (p: Traceable<typeof params>) => unfold(cell, p, { x }, chain([9])).final.h;
    const plain = await curvatureByLag((p: Traceable<typeof params>) => sum(square(last(p))), params);
    expect(plain.layers[0]!.lags.map((l) => l.own!.gaussNewton)).toEqual(new Array(9).fill(null));
    expect(plain.layers[0]!.verdict.perStep!.gaussNewton).toBeNull();

    const ignored = await curvatureByLag((p: Traceable<typeof params>) => {
      last(p);
      return sum(p.W);
    }, params);
    expect(ignored.layers[0]!.lags[3]).toEqual({ lag: 3, gradient: 0, own: null, tied: null });
    expect(ignored.layers[0]!.verdict.kind).toBe("none");

    const noisy = defineCell({
      name: "noisy",
      inputs: () => ({ x: [2] }),
      state: () => ({ h: [2] }),
      params: () => ({ W: glorot(2, 2) }),
      step: ({ x: given, h }, { W }, { uniform }) => {
        const next = add(add(matmul(h, W), given), uniform([2]));
        return { state: { h: next }, output: next };
      },
    })({});
    const drawn = await curvatureByLag(
      (p: { W: Value }) => sum(unfold(noisy, p as never, { x }, chain([9]), { key: Key.of(3) }).final.h),
      noisy.init(Key.of(1)),
    );
    expect(drawn.layers[0]!.lags).toEqual([]);
    expect(drawn.layers[0]!.verdict.words).toBe(
      "there is nothing to look at: the layer draws random numbers in its step",
    );

    await expect(curvatureByLag((p: Traceable<typeof params>) => sum(p.W), params)).rejects.toThrow(
      "nothing to report on",
    );
    await expect(
      curvatureByLag((p: Traceable<typeof params>) => sum(last(p)), params, { lags: [0, 3, 2] }),
    ).rejects.toThrow("lags are integers from 0 on in rising order, got 0, 3, 2");
  });

  test("where nothing can be told, the verdict says what is missing", async () => {
    const cell = rnn({ input: 2, hidden: 3 });
    const params = cell.init(Key.of(1));
    const verdict = async (steps: number, lags?: readonly number[], scale = 1) => {
      const x = mul(normal(Key.of(2), [steps, 2]), scale);
      const loss = (p: Traceable<typeof params>) => sum(unfold(cell, p, { x }, chain([steps])).final.h);
      const { layers } = await curvatureByLag(loss, params, lags ? { lags } : {});
      return layers[0]!.verdict;
    };
    for (const [steps, lags] of [
      [5, [99]],
      [5, []],
      [0, undefined],
    ] as const) {
      const { kind, words } = await verdict(steps, lags);
      expect([kind, words]).toEqual([
        "none",
        "there is nothing to look at: its sequences have no step at the lags asked for",
      ]);
    }
    expect((await verdict(5, undefined, 1e6)).words).toContain("or the units are saturated");
    expect((await verdict(9, [0, 3])).words).toBe(
      "a rate is told from 3 lags past 0 with a gradient, and there is 1; take longer sequences or more lags",
    );
    expect((await verdict(3)).words).toContain("and there are 2;");
  });

  test("leaves nothing behind, and the caller's tensors as they were", async () => {
    for (const dtype of ["float32", "float64"] as const) {
      const cell = lstm({ input: 2, hidden: 3 });
      const params = cell.init(Key.of(1), dtype);
      const x = normal(Key.of(2), [8, 2], dtype);
      const look = async () => {
        await curvatureByLag(
          (p: Traceable<typeof params>) =>
            sum(square(markModelOutputs(unfold(cell, p, { x }, chain([8])).final.h))),
          params,
        );
        return defaultExecutor().statistics.bytesInUse;
      };
      await settled();
      const before = await look();
      expect(await look()).toBe(before);
      let calls = 0;
      const failing = (p: Traceable<typeof params>) => {
        if (++calls === 7) throw new Error("the seventh time");
        return sum(square(unfold(cell, p, { x }, chain([8])).final.h));
      };
      await expect(curvatureByLag(failing, params)).rejects.toThrow("the seventh time");
      expect(defaultExecutor().statistics.bytesInUse).toBe(before);
      expect(list(x)).toHaveLength(16);
      expect(list(params.W)).toHaveLength(36);
    }
  });
});

/** To 1e-9 of the value. */
function close(found: number, known: number): void {
  expect(Math.abs(found - known), `${found} for ${known}`).toBeLessThan(1e-9 * Math.abs(known));
}
