import { newArray, type TypedArray } from "../dtype.js";
import type { Space } from "../spaces.js";
import { type MapOp, type StepRecord, steps } from "../steps/index.js";
import type { Register, Tile } from "../steps/record.js";
import type { InstructionRecord, Show, ViewUse } from "./record.js";

/** A fused, row-local tile program. Transpose: the derived cell's own map. */
export interface MapInstruction {
  readonly kind: "map";
  readonly space: Space;
  readonly registers: readonly Register[];
  readonly code: readonly MapOp[];
}

/** What a tile program is made of. */
export type TileProgram = Pick<MapInstruction, "registers" | "code">;

/** See `MapInstruction`. */
export const map: InstructionRecord<MapInstruction> = {
  views: (i) => viewsOf(i),
  check: checkSteps,
  print: (i, show) => ["", ...printSteps(i, show)],
  flops: elementsOf,
  kernel: null,
  run(i, bind) {
    const { tile, tileRows } = tileOf(i, bind);
    const runs = i.code.map((s) => recordOf(s).run(s, tile));
    return (begin, end) => {
      for (let r = begin; r < end; r += tileRows) {
        const rows = Math.min(tileRows, end - r);
        for (const run of runs) run(r, rows);
      }
    };
  },
};

/** The views of a tile program. @param inner the space whose rows are loaded, where it is another than that of the instruction */
export function viewsOf({ registers, code }: TileProgram, inner?: Space): ViewUse[] {
  return code.flatMap((s): ViewUse[] => {
    if (s.op === "load") return [[s.view, sizeOf(registers[s.out]!), "load", inner]];
    return s.op === "store" ? [[s.view, sizeOf(registers[s.input]!), "out"]] : [];
  });
}

/** What is wrong with the steps of a tile program, if anything is. */
export function checkSteps({ registers, code }: TileProgram): string | undefined {
  const defined = new Set<number>();
  for (const s of code) {
    const { reads, check } = recordOf(s);
    const early = reads(s).find((r) => !defined.has(r));
    if (early !== undefined) return `register r${early} is read before it is written`;
    if ("out" in s && defined.has(s.out)) return `register r${s.out} is written twice`;
    if ("out" in s) defined.add(s.out);
    const wrong = check?.(s, registers);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** The steps of a tile program, a line for each. */
export function printSteps({ registers, code }: TileProgram, show: Show): string[] {
  return code.map((s) => {
    const out = "out" in s ? `r${s.out}[${registers[s.out]?.shape.join(",")}] = ` : "";
    return `    ${out}${recordOf(s).print(s, show)}`;
  });
}

/** Elements that a tile program forms per row. */
export function elementsOf({ registers, code }: TileProgram): number {
  return code.reduce((n, s) => n + ("out" in s ? sizeOf(registers[s.out]!) : 0), 0);
}

/** Registers for as many rows as a tile has. */
export function tileOf({ registers }: TileProgram, bind: Tile["bind"]): { tile: Tile; tileRows: number } {
  const sizes = registers.map(sizeOf);
  const total = sizes.reduce((p, n) => p + n, 0);
  const tileRows = Math.max(1, Math.min(512, Math.floor(tileElements / Math.max(1, total))));
  const arrays = registers.map((r, n): TypedArray => newArray(r.dtype, sizes[n]! * tileRows));
  return { tile: { registers, sizes, arrays, bind }, tileRows };
}

/** Elements that all registers of a tile may take together: 256 KiB of float32, about what a core's L2 leaves free. */
const tileElements = 65536;

function sizeOf({ shape }: Register): number {
  return shape.reduce((p, n) => p * n, 1);
}

/** The record of a step, for that step. */
export function recordOf(step: MapOp): StepRecord<MapOp> {
  return steps[step.op] as StepRecord<MapOp>;
}
