// Functions inside cells: the compiled program is the plain loop, in value and derivatives, wherever the operands come from.
import { defaultExecutor, useExecutor } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";
import { opRows } from "./ops-in-cells/rows.js";
import { fewOriginsOf, originsOf, subjectOf } from "./ops-in-cells/subjects.js";
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
