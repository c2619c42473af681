import { newArray, type TypedArray } from "../dtype.js";
import type { Space } from "../spaces.js";
import { type MapOp, type StepRecord, steps } from "../steps/index.js";
import type { Register } from "../steps/record.js";
import type { InstructionRecord, ViewUse } from "./record.js";

/** A fused, row-local tile program. Transpose: the derived cell's own map. */
export interface MapInstruction {
  readonly kind: "map";
  readonly space: Space;
  readonly registers: readonly Register[];
  readonly code: readonly MapOp[];
}

/** See `MapInstruction`. */
export const map: InstructionRecord<MapInstruction> = {
  views: (i) =>
    i.code.flatMap((s): ViewUse[] => {
      if (s.op === "load") return [[s.view, sizeOf(i.registers[s.out]!), "load"]];
      return s.op === "store" ? [[s.view, sizeOf(i.registers[s.input]!), "out"]] : [];
    }),
  check(i) {
    const defined = new Set<number>();
    for (const s of i.code) {
      const { reads, check } = recordOf(s);
      const early = reads(s).find((r) => !defined.has(r));
      if (early !== undefined) return `register r${early} is read before it is written`;
      if ("out" in s && defined.has(s.out)) return `register r${s.out} is written twice`;
      if ("out" in s) defined.add(s.out);
      const wrong = check?.(s, i.registers);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  },
  print: (i, show) => [
    "",
    ...i.code.map((s) => {
      const out = "out" in s ? `r${s.out}[${i.registers[s.out]?.shape.join(",")}] = ` : "";
      return `    ${out}${recordOf(s).print(s, show)}`;
    }),
  ],
  flops: (i) => i.code.reduce((n, s) => n + ("out" in s ? sizeOf(i.registers[s.out]!) : 0), 0),
  kernel: null,
  run(i, bind) {
    const sizes = i.registers.map(sizeOf);
    const total = sizes.reduce((p, n) => p + n, 0);
    const tileRows = Math.max(1, Math.min(512, Math.floor(tileElements / Math.max(1, total))));
    const arrays = i.registers.map((r, n): TypedArray => newArray(r.dtype, sizes[n]! * tileRows));
    const tile = { registers: i.registers, sizes, arrays, bind };
    const operations = i.code.map((s) => recordOf(s).run(s, tile));
    return (begin, end) => {
      for (let r = begin; r < end; r += tileRows) {
        const rows = Math.min(tileRows, end - r);
        for (const operation of operations) operation(r, rows);
      }
    };
  },
};

/** Elements that all registers of a tile may take together: 256 KiB of float32, about what a core's L2 leaves free. */
const tileElements = 65536;

function sizeOf({ shape }: Register): number {
  return shape.reduce((p, n) => p * n, 1);
}

/** The record of a step, for that step. */
function recordOf(step: MapOp): StepRecord<MapOp> {
  return steps[step.op] as StepRecord<MapOp>;
}
