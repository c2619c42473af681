import { compileStages, type DType, splitProducts } from "longspan/engine";
import { expect, test } from "vitest";
import { failuresOf } from "./random-cells/compare.js";
import { randomLinearSubject } from "./random-cells/linear.js";

const total = Number(process.env.LONGSPAN_RANDOM_CELLS ?? 120);
const first = Number(process.env.LONGSPAN_RANDOM_SEED ?? 1);

/** What the compiler says of a cell: that it is a scan, or why it is a loop. */
function verdict(cell: { trace(dtype: DType): { graph: Parameters<typeof splitProducts>[0] } }): string {
  return compileStages(splitProducts(cell.trace("float64").graph))[0]!.text.split("\n")[0]!;
}

test(`${total} random cells that are linear in the state, or look so: compiled equals the plain loop in value, gradient and Hessian-vector product`, () => {
  const { failures, seen } = failuresOf(randomLinearSubject, { first, total });
  expect(failures).toEqual([]);
  for (const f of "chain reversed binary slots initial spoilt".split(" "))
    expect(seen.get(f) ?? 0, f).toBeGreaterThan(total / 20);
}, 1_200_000);

test("random linear cells are scans, and those that look linear are loops", () => {
  let scans = 0;
  let large = 0;
  for (let seed = first; seed < first + total; seed++) {
    const subject = randomLinearSubject(seed);
    const text = verdict(subject.cell);
    if (!subject.linear)
      expect(text, `seed ${seed}`).toMatch(/^a loop: .* is not linear in it, element by element$/);
    else if (text.startsWith("a loop: what a scan reads would take more memory")) large += 1;
    else {
      expect(text, `seed ${seed}`).toMatch(/^scans: /);
      scans += 1;
    }
  }
  expect(scans).toBeGreaterThan(total / 2);
  expect(large).toBeLessThan(total / 4);
});
