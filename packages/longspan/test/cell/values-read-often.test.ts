import {
  add,
  chain,
  checkDerivatives,
  constantInit,
  defineCell,
  equal,
  Key,
  lessEqual,
  mul,
  normal,
  onCpu,
  sub,
  sum,
  tanh,
  unfold,
  where,
} from "longspan";
import { expect, test } from "vitest";

// Each value of a chain of selections reads the one before it three times: 3^29 ways from its end to its beginning.
test("a step in which values are read many times over is differentiated in time that grows with the step, not with its paths", () => {
  const everyThird = defineCell({
    name: "everyThird",
    inputs: () => ({ x: [1] }),
    state: () => ({ h: [1] }),
    params: () => ({ w: constantInit(0.5, 1) }),
    step({ x, h }, { w }, context) {
      let rest = context.position();
      for (let k = 28; k >= 0; k--) rest = where(lessEqual(3 * 2 ** k, rest), sub(rest, 3 * 2 ** k), rest);
      const next = where(equal(rest, 0), tanh(add(mul(h, w), x)), h);
      return { state: { h: next }, output: next };
    },
  })(undefined);
  const structure = chain([8]);
  const x = normal(Key.of(1), [8, 1], "float64");
  const params = everyThird.init(Key.of(2), "float64");
  const outputs = Array.from(onCpu(unfold(everyThird, params, { x }, structure).output).toArray());
  expect(outputs.map((h, t) => h === outputs[t - (t % 3)])).toEqual(new Array(8).fill(true));
  const loss = (p: typeof params) => sum(unfold(everyThird, p, { x }, structure).output);
  const { first, second } = checkDerivatives(loss, params, { second: true });
  expect(first).toBeLessThan(1e-7);
  expect(second).toBeLessThan(1e-7);
});
