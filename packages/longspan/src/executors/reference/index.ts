import { BoundView } from "../../program/bound-view.js";
import {
  type Binding,
  type Executable,
  type Instruction,
  type LevelledSpace,
  newArray,
  type Program,
  type RowTable,
  type RunRows,
  type Schedule,
  type Space,
  type TypedArray,
  type View,
  verifyProgram,
} from "../../program/index.js";
import { recordOf } from "../../program/instructions/index.js";
import { MemoryExecutor } from "../memory/memory-executor.js";
import type { Pool, PooledHandle } from "../memory/pool.js";

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
    this.executions += 1;
    this.nodeRows += schedule.counts.node ?? 0;
    executable.run(schedule, bindings, this.pool);
  }
}

interface Step {
  readonly space: Space;
  readonly operands: readonly BoundView[];
  readonly run: RunRows;
}

class ReferenceExecutable implements Executable {
  private readonly operands: BoundView[] = [];
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
      for (const s of this.before) s.run(0, schedule.counts[s.space] ?? 0, schedule.tables);
      if (this.loop.length > 0) {
        for (let level = 0; level < schedule.levels; level++) {
          for (const s of this.loop) {
            const begin = (space: Space) => schedule.levelRows[space as LevelledSpace]?.begin[level] ?? 0;
            const end = schedule.levelRows[s.space as LevelledSpace]?.end[level] ?? 0;
            for (const o of s.operands) o.setLevel(begin(this.program.buffers[o.view.buffer]!.space));
            s.run(begin(s.space), end, schedule.tables);
          }
        }
      }
      for (const s of this.after) s.run(0, schedule.counts[s.space] ?? 0, schedule.tables);
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

  private operand(view: View): BoundView {
    const o = new BoundView(view, this.program.buffers[view.buffer]!.role === "level");
    this.operands.push(o);
    return o;
  }

  private prepare(i: Instruction): Step {
    const first = this.operands.length;
    const run = recordOf(i).run(i, (view) => this.operand(view));
    return { space: i.space, run, operands: this.operands.slice(first) };
  }
}

function largestLevel(schedule: Schedule, space: Space): number {
  const rows = schedule.levelRows[space as LevelledSpace];
  let most = 0;
  if (rows) for (let l = 0; l < schedule.levels; l++) most = Math.max(most, rows.end[l]! - rows.begin[l]!);
  return most;
}
