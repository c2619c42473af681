// Functions inside cells: the compiled program is the plain loop, in value and derivatives, wherever the operands come from.
import {
  chain,
  defaultExecutor,
  onCpu,
  type Structure,
  slice,
  unfold,
  useExecutor,
  type Value,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { opRows } from "./ops-in-cells/rows.js";
import { fewOriginsOf, lengths, originsOf, subjectOf } from "./ops-in-cells/subjects.js";
import { compare, innerProductError } from "./random-cells/compare.js";

for (const { name } of executorRows)
  describe.skipIf(missing(name) !== undefined)(`${name}${missing(name) ? ` (${missing(name)})` : ""}`, () => {
    const before = defaultExecutor();
    beforeAll(() => useExecutor(executorOf(name)));
    afterAll(() => useExecutor(before));

    test.each(opRows)(
      "$name: value, gradient and Hessian-vector product, with operands of every origin",
      (row) => {
        for (const from of name === "native"
          ? originsOf(row.shapes.length)
          : fewOriginsOf(row.shapes.length)) {
          const subject = subjectOf(row, from);
          for (const { value, gradient, hessian, mode, where } of compare(subject)) {
            const what = `${from.join(" and ")}, ${mode}, at ${where}`;
            expect(value, `value: ${what}`).toBeLessThan(1e-12);
            expect(gradient, `gradient: ${what}`).toBeLessThan(1e-12);
            expect(hessian, `Hessian-vector product: ${what}`).toBeLessThan(1e-12);
          }
          expect(innerProductError(subject), `<J v, w> = <v, J' w>: ${from.join(" and ")}`).toBeLessThan(
            1e-11,
          );
        }
      },
    );
  });

test.each(opRows)("$name: a batch is its sequences alone, bit for bit, on the reference executor", (row) => {
  const before = defaultExecutor();
  useExecutor(executorOf("reference"));
  const numbers = (v: unknown) => Array.from(onCpu(v as Value).toArray());
  for (const from of fewOriginsOf(row.shapes.length)) {
    const { cell, structure, params, inputs: all, initial } = subjectOf(row, from);
    const inputs = all as Record<string, Value>;
    const run = (given: Record<string, Value>, first: Record<string, Value>, of: Structure) =>
      unfold(cell, params, given, of, { initial: first }).output as Value;
    const whole = structure.unpack(run(inputs, initial, structure));
    let row0 = 0;
    for (const [s, length] of lengths.entries()) {
      const own = (v: Value, name: string) =>
        name.startsWith("node") ? slice(structure.unpack(v), 0, row0, row0 + length) : slice(v, 0, s, s + 1);
      const given = Object.fromEntries(Object.entries(inputs).map(([name, v]) => [name, own(v, name)]));
      const alone = run(given, { h: slice(initial.h!, 0, s, s + 1) }, chain([length]));
      expect(numbers(alone)).toEqual(numbers(slice(whole, 0, row0, row0 + length)));
      row0 += length;
    }
  }
  useExecutor(before);
});
