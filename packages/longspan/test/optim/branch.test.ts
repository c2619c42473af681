import { afterEach, describe, expect, it } from "vitest";
import { branch } from "../../src/optim/index.js";
import { tensor, useExecutor } from "../../src/tensor/index.js";
import { asynchronous, dataOf } from "./explosions.js";
import { dispose, executor } from "./trees.js";

afterEach(() => useExecutor(executor));

const sides = { yes: () => ({ a: tensor([1, Number.NaN]), n: [tensor(3, "int32")] }) };
const other = () => ({ a: tensor([Number.NaN, -0]), n: [tensor(-4, "int32")] });

describe.each([
  ["at once", executor, 1],
  ["asynchronously only", asynchronous, 2],
] as const)("on an executor that is read %s", (_, chosen, evaluated) => {
  it("gives the side that the flag says, bit for bit", async () => {
    useExecutor(chosen);
    for (const flag of [0, 1, -7]) {
      const taken = branch(tensor(flag, "int32"), sides.yes, other);
      expect(await dataOf(taken)).toEqual(flag === 0 ? [Number.NaN, -0, -4] : [1, Number.NaN, 3]);
      expect(taken.n[0]!.dtype).toBe("int32");
    }
  });

  it(`evaluates ${evaluated} of the sides`, () => {
    useExecutor(chosen);
    let count = 0;
    const side = (x: number) => () => {
      count += 1;
      return tensor(x);
    };
    branch(tensor(1, "int32"), side(1), side(2));
    expect(count).toBe(evaluated);
  });

  it("leaves nothing behind but the result", () => {
    useExecutor(chosen);
    const flag = tensor(0, "int32");
    dispose(branch(flag, sides.yes, other));
    const before = executor.statistics.bytesInUse;
    dispose(branch(flag, sides.yes, other));
    expect(executor.statistics.bytesInUse).toBe(before);
  });
});
