import {
  add,
  chain,
  defineCell,
  flowPenalty,
  fromArray,
  glorot,
  grad,
  jvp,
  Key,
  leaves,
  mapTree,
  matmul,
  mul,
  normal,
  onCpu,
  setMax,
  setSoftmax,
  setSum,
  square,
  sum,
  type Tensor,
  tanh,
  unfold,
  type Value,
  zeros,
} from "longspan";
import { describe, expect, test } from "vitest";

const [I, H] = [2, 3];

/** Attention whose query is the state: what flows back goes through weights of all members. */
const attending = defineCell({
  name: "attending",
  inputs: () => ({ x: [I] }),
  sets: () => ({ source: { key: [H] } }),
  state: () => ({ h: [H] }),
  params: () => ({ U: glorot(I, H), W: glorot(H, H), K: glorot(H, H) }),
  step({ x, source, h }, { U, W, K }) {
    const keys = matmul(source.key, K);
    const scores = sum(mul(matmul(h, W), keys));
    const read = add(setSum(mul(setSoftmax(scores), keys)), setMax(tanh(add(h, keys))));
    const next = tanh(add(matmul(x, U), add(mul(h, 0.5), mul(read, 0.3))));
    return { state: { h: next }, output: next };
  },
})(undefined);

const lengths = [3, 1, 2];
const sizes = [2, 1, 3];
const structure = chain(lengths).withSets({ source: sizes });
const params = attending.init(Key.of(1), "float64");
const inputs = {
  x: normal(Key.of(2), [structure.nodes, I], "float64"),
  source: { key: normal(Key.of(3), [6, H], "float64") },
};
const list = (v: unknown) => Array.from(onCpu(v as Value).toArray());
const target = normal(Key.of(4), [structure.nodes, H], "float64");
const rows = () => zeros([structure.nodes, H], "float64");
const close = (a: unknown, b: unknown) =>
  list(a).forEach((v, i) => {
    expect(Math.abs(v - list(b)[i]!)).toBeLessThan(1e-12);
  });

describe("what flows through a cell that reads sets", () => {
  test("pulled back through one step: the step's Jacobian, column by column", () => {
    const of = { h: normal(Key.of(5), [1, H], "float64") };
    const initial = { h: normal(Key.of(6), [1, H], "float64") };
    const one = chain([1]).withSets({ source: [3] });
    const given = {
      x: normal(Key.of(7), [1, I], "float64"),
      source: { key: normal(Key.of(8), [3, H], "float64") },
    };
    const m = unfold(attending, params, given, one, { initial, pullback: { of } }).pullback!.h;
    const step = (h: Value) => unfold(attending, params, given, one, { initial: { h } }).final.h;
    for (let j = 0; j < H; j++) {
      const e = fromArray(
        Array.from({ length: H }, (_, i) => (i === j ? 1 : 0)),
        [1, H],
        "float64",
      );
      const { tangent } = jvp(step)(initial.h, e) as { tangent: Value };
      const expected = list(sum(mul(tangent, of.h)))[0]!;
      expect(Math.abs(list(m)[j]! - expected)).toBeLessThan(1e-12);
    }
  });

  test("times dL/dh(t) it is what arrives at step t - 1, and probes say the same, compiled and in the plain loop", () => {
    const probed = (loop: "compiled" | "plain", where: "writes" | "reads") =>
      grad((p: Value) => {
        const { output } = unfold(attending, params, inputs, structure, {
          probes: { [where]: { h: p } },
          loop,
        });
        return sum(square(add(output, target)));
      })(rows()) as Tensor;
    const d = probed("compiled", "writes");
    close(d, probed("plain", "writes"));
    const reads = probed("compiled", "reads");
    close(reads, probed("plain", "reads"));
    const m = unfold(attending, params, inputs, structure, { pullback: { of: { h: d } } }).pullback!.h;
    close(m, reads);
  });

  test("Omega, and its derivative by central differences", () => {
    const loss = (p: never) => ({
      loss: sum(square(add(unfold(attending, p, inputs, structure).output, target))),
      aux: {},
    });
    const omega = (p: unknown) =>
      flowPenalty(loss as never, p as never, { gradient: "exact" }).omega as Value;
    const { counted, skipped } = flowPenalty(loss as never, params as never, { norms: "plain" });
    expect([...list(counted), ...list(skipped)]).toEqual([structure.nodes, 0]);
    let i = 0;
    const direction = mapTree(params, (v) => normal(Key.of(9).fold(i++), v.shape, "float64"));
    const grads = grad(omega as never)(params as never);
    const slope = leaves(grads).reduce((s, g, k) => s + list(sum(mul(g, leaves(direction)[k]!)))[0]!, 0);
    const at = (by: number) => {
      let k = 0;
      return list(omega(mapTree(params, (v) => add(v, mul(leaves(direction)[k++]!, by)))))[0]!;
    };
    const h = 1e-4;
    const measured = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    expect(Math.abs(slope / measured - 1)).toBeLessThan(1e-6);
  });
});
