import {
  type Binding,
  type Executable,
  type Instruction,
  type LevelledSpace,
  type ListTable,
  newArray,
  type Program,
  type RowTable,
  type Schedule,
  type Space,
  type TypedArray,
  type View,
  verifyProgram,
} from "../../program/index.js";
import { MemoryExecutor } from "../memory/memory-executor.js";
import type { Pool, PooledHandle } from "../memory/pool.js";
import { gemm, matmul, outerSum } from "./gemm.js";
import { MapKernel } from "./map.js";
import { Operand } from "./operand.js";
import { gather, indexSum, segmentSum, sumRows } from "./rows.js";

/**
 * The executor that defines what every instruction means: plain TypeScript on one thread. Sums are formed in double
 * precision and rounded once per element, in an order that does not depend on the other rows of a batch.
 * @example
 * const executor = new ReferenceExecutor();
 * const handle = executor.allocate("float32", 2);
 * executor.write(handle, 0, [1, 2]);
 * executor.read(handle, 1, 1) // Float32Array [ 2 ]
 */
export class ReferenceExecutor extends MemoryExecutor<TypedArray> {
  constructor() {
    super("reference", { make: newArray, view: (memory) => memory, touch: () => {} });
  }

  compile(program: Program): Executable {
    verifyProgram(program);
    this.compiled += 1;
    return new ReferenceExecutable(program);
  }

  run(executable: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void {
    if (!(executable instanceof ReferenceExecutable))
      throw new TypeError("an executable of another executor");
    this.runs += 1;
    this.nodeRows += schedule.counts.node ?? 0;
    executable.run(schedule, bindings, this.pool);
  }
}

interface Step {
  readonly space: Space;
  readonly operands: readonly Operand[];
  readonly run: (begin: number, end: number, schedule: Schedule) => void;
}

class ReferenceExecutable implements Executable {
  private readonly operands: Operand[] = [];
  private readonly before: Step[];
  private readonly loop: Step[];
  private readonly after: Step[];

  constructor(readonly program: Program) {
    this.before = program.before.map((i) => this.prepare(i));
    this.loop = program.loop.map((i) => this.prepare(i));
    this.after = program.after.map((i) => this.prepare(i));
  }

  run(schedule: Schedule, bindings: readonly (Binding | undefined)[], pool: Pool<TypedArray>): void {
    const temporaries: PooledHandle<TypedArray>[] = [];
    try {
      this.bind(schedule, bindings, pool, temporaries);
      for (const s of this.before) s.run(0, schedule.counts[s.space] ?? 0, schedule);
      if (this.loop.length > 0) {
        for (let level = 0; level < schedule.levels; level++) {
          for (const s of this.loop) {
            const rows = schedule.levelRows[s.space as LevelledSpace];
            const [begin, end] = rows ? [rows.begin[level]!, rows.end[level]!] : [0, 0];
            for (const o of s.operands) o.setLevel(begin);
            s.run(begin, end, schedule);
          }
        }
      }
      for (const s of this.after) s.run(0, schedule.counts[s.space] ?? 0, schedule);
    } finally {
      for (const o of this.operands) o.unbind();
      for (const t of temporaries) pool.release(t);
    }
  }

  private bind(
    schedule: Schedule,
    bindings: readonly (Binding | undefined)[],
    pool: Pool<TypedArray>,
    temporaries: PooledHandle<TypedArray>[],
  ): void {
    const memory = this.program.buffers.map((decl, b) => {
      const rows =
        decl.role === "level" ? largestLevel(schedule, decl.space) : (schedule.counts[decl.space] ?? 0);
      const binding = bindings[b];
      let array: TypedArray;
      let offset = 0;
      if (decl.role === "input" || decl.role === "output") {
        if (!binding) throw new Error(`program ${this.program.name}: buffer ${decl.name} is not bound`);
        const handle = pool.own(binding.handle);
        offset = binding.offset;
        if (handle.dtype !== decl.dtype)
          throw new TypeError(`buffer ${decl.name} holds ${decl.dtype}, bound to ${handle.dtype}`);
        if (offset < 0 || offset + rows * decl.columns > handle.length)
          throw new RangeError(
            `buffer ${decl.name} needs ${rows} x ${decl.columns}, bound to ${handle.length - offset}`,
          );
        array = handle.memory;
      } else {
        const handle = pool.allocate(decl.dtype, rows * decl.columns);
        temporaries.push(handle);
        array = handle.memory;
      }
      if (decl.clearHead) array.fill(0, offset, offset + Math.min(rows, schedule.headRows) * decl.columns);
      return { array, offset };
    });
    for (const o of this.operands) {
      const { array, offset } = memory[o.view.buffer]!;
      const columns = this.program.buffers[o.view.buffer]!.columns;
      const origin = offset + o.view.offset;
      if (o.view.rows === "same") o.bind(array, origin, columns, null);
      else if (o.view.rows === "fixed") o.bind(array, origin, 0, null);
      else {
        const table = schedule.tables[o.view.rows] as RowTable;
        o.bind(array, origin + table.offset * columns, columns, table.index);
      }
    }
  }

  private operand(view: View): Operand {
    const o = new Operand(view, this.program.buffers[view.buffer]!.role === "level");
    this.operands.push(o);
    return o;
  }

  private prepare(i: Instruction): Step {
    const first = this.operands.length;
    const run = this.kernel(i);
    return { space: i.space, run, operands: this.operands.slice(first) };
  }

  private kernel(i: Instruction): Step["run"] {
    switch (i.kind) {
      case "gemm": {
        const [out, a, b] = [this.operand(i.out), this.operand(i.a), this.operand(i.b)];
        return (begin, end) => gemm(out, a, b, begin, end, i.k, i.n, i.transposeB, i.accumulate);
      }
      case "outerSum": {
        const [out, a, b] = [this.operand(i.out), this.operand(i.a), this.operand(i.b)];
        return (begin, end) => outerSum(out, a, b, begin, end, i.m, i.n, i.accumulate);
      }
      case "batchedMatmul": {
        const [out, a, b] = [this.operand(i.out), this.operand(i.a), this.operand(i.b)];
        return (begin, end) => {
          for (let r = begin; r < end; r++) {
            const [c0, a0, b0] = [out.at(r), a.at(r), b.at(r)];
            for (let q = 0; q < i.count; q++)
              matmul(
                out.array,
                a.array,
                b.array,
                c0 + q * i.m * i.n,
                a0 + q * i.m * i.k,
                b0 + q * i.k * i.n,
                i.m,
                i.k,
                i.n,
                i.transposeA,
                i.transposeB,
                i.accumulate,
              );
          }
        };
      }
      case "sumRows": {
        const [out, a] = [this.operand(i.out), this.operand(i.a)];
        return (begin, end) => sumRows(out, a, begin, end, i.columns, i.accumulate);
      }
      case "segmentSum": {
        const [out, a] = [this.operand(i.out), this.operand(i.a)];
        return (begin, end, schedule) => {
          const lists = schedule.tables[i.lists] as ListTable;
          segmentSum(out, a, lists.starts, lists.index, begin, end, i.columns, i.accumulate);
        };
      }
      case "gather": {
        const [out, source, index] = [this.operand(i.out), this.operand(i.source), this.operand(i.index)];
        return (begin, end) => gather(out, source, index, begin, end, i.count, i.size, i.columns);
      }
      case "indexSum": {
        const [out, a, index] = [this.operand(i.out), this.operand(i.a), this.operand(i.index)];
        return (begin, end) => indexSum(out, a, index, begin, end, i.count, i.size, i.columns, i.accumulate);
      }
      case "map": {
        const views = i.code.map((op) =>
          op.op === "load" || op.op === "store" ? this.operand(op.view) : undefined,
        );
        const map = new MapKernel(i, views);
        return (begin, end) => map.run(begin, end);
      }
    }
  }
}

function largestLevel(schedule: Schedule, space: Space): number {
  const rows = schedule.levelRows[space as LevelledSpace];
  let most = 0;
  if (rows) for (let l = 0; l < schedule.levels; l++) most = Math.max(most, rows.end[l]! - rows.begin[l]!);
  return most;
}
