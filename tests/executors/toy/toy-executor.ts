import {
  type Binding,
  BoundView,
  type BufferDecl,
  bytesPerElement,
  type Capabilities,
  type DType,
  type Executable,
  type Executor,
  Handle,
  type Instruction,
  newArray,
  type Program,
  type RowTable,
  type RunRows,
  recordOf,
  type Schedule,
  sizeClass,
  type TypedArray,
  verifyProgram,
} from "longspan/engine";

/** The smallest executor: memory is plain arrays, and instructions do what their records say. It counts the rows that each kind takes. */
export class ToyExecutor implements Executor {
  readonly name = "toy";
  readonly capabilities: Capabilities = { synchronous: true };
  /** Rows so far, by kind of instruction. */
  readonly rows = new Map<Instruction["kind"], number>();
  private readonly counts = { compiled: 0, executions: 0, nodeRows: 0, bytesInUse: 0 };

  get statistics() {
    return { ...this.counts, bytesReserved: this.counts.bytesInUse };
  }

  allocate(dtype: DType, length: number): Handle {
    this.counts.bytesInUse += bytesOf(dtype, length);
    return new Handle(this, dtype, length, newArray(dtype, sizeClass(length)));
  }

  release(handle: Handle): void {
    this.elementsOf(handle);
    this.counts.bytesInUse -= bytesOf(handle.dtype, handle.length);
    handle.released = true;
  }

  write(handle: Handle, offset: number, data: ArrayLike<number>): void {
    if (offset < 0 || offset + data.length > handle.length)
      throw new RangeError(`write of ${data.length} at ${offset} into ${handle.length}`);
    this.elementsOf(handle).set(data, offset);
  }

  read(handle: Handle, offset: number, length: number): TypedArray {
    if (offset < 0 || offset + length > handle.length)
      throw new RangeError(`read of ${length} at ${offset} from ${handle.length}`);
    return this.elementsOf(handle).slice(offset, offset + length);
  }

  compile(program: Program): Executable {
    verifyProgram(program);
    this.counts.compiled += 1;
    return { program };
  }

  run({ program }: Executable, schedule: Schedule, bindings: readonly (Binding | undefined)[]): void {
    this.counts.executions += 1;
    this.counts.nodeRows += schedule.counts.node ?? 0;
    const memory = program.buffers.map((buffer, b) => this.memoryOf(buffer, schedule, bindings[b]));
    const steps = (region: readonly Instruction[]) =>
      region.map((i) => this.bound(program, memory, schedule, i));
    const everywhere = (region: readonly Step[]) => {
      for (const { instruction, go } of region)
        go(0, schedule.counts[instruction.space] ?? 0, schedule.tables);
    };
    everywhere(steps(program.before));
    const loop = steps(program.loop);
    for (let level = 0; level < schedule.levels; level++)
      for (const { instruction, views, go } of loop) {
        const { begin, end } = schedule.levelRows[instruction.space as "node"]!;
        for (const view of views) view.setLevel(begin[level]!);
        go(begin[level]!, end[level]!, schedule.tables);
      }
    everywhere(steps(program.after));
  }

  /** An instruction with its views where they lie in this run. */
  private bound(
    program: Program,
    memory: readonly Place[],
    schedule: Schedule,
    instruction: Instruction,
  ): Step {
    const views: BoundView[] = [];
    const run = recordOf(instruction).run(instruction, (view) => {
      const bound = new BoundView(view, program.buffers[view.buffer]!.role === "level");
      const { array, offset } = memory[view.buffer]!;
      const { columns } = program.buffers[view.buffer]!;
      const origin = offset + view.offset;
      if (view.rows === "same") bound.bind(array, origin, columns, null);
      else if (view.rows === "fixed") bound.bind(array, origin, 0, null);
      else {
        const table = schedule.tables[view.rows] as RowTable;
        bound.bind(array, origin + table.offset * columns, columns, table.index);
      }
      views.push(bound);
      return bound;
    });
    const go: RunRows = (begin, end, tables) => {
      this.rows.set(instruction.kind, (this.rows.get(instruction.kind) ?? 0) + end - begin);
      run(begin, end, tables);
    };
    return { instruction, views, go };
  }

  /** What is bound, or memory for this run. */
  private memoryOf(buffer: BufferDecl, schedule: Schedule, binding: Binding | undefined): Place {
    const rows =
      buffer.role === "level" ? largestLevel(buffer, schedule) : (schedule.counts[buffer.space] ?? 0);
    const size = rows * buffer.columns;
    const bound = buffer.role === "input" || buffer.role === "output";
    if (!bound) return { array: newArray(buffer.dtype, size), offset: 0 };
    if (!binding) throw new Error(`buffer ${buffer.name} is not bound`);
    const { handle, offset } = binding;
    if (handle.dtype !== buffer.dtype)
      throw new TypeError(`buffer ${buffer.name} holds ${buffer.dtype}, bound to ${handle.dtype}`);
    if (offset < 0 || offset + size > handle.length)
      throw new RangeError(
        `buffer ${buffer.name} needs ${rows} x ${buffer.columns}, bound to ${handle.length - offset}`,
      );
    const array = this.elementsOf(handle);
    if (buffer.clearHead) array.fill(0, offset, offset + Math.min(rows, schedule.headRows) * buffer.columns);
    return { array, offset };
  }

  private elementsOf(handle: Handle): TypedArray {
    if (handle.owner !== this) throw new TypeError("a handle of another executor");
    if (handle.released) throw new Error("memory that was released");
    return handle.memory as TypedArray;
  }
}

/** Memory is counted by size class: a handle may be given another length of the same class. */
function bytesOf(dtype: DType, length: number): number {
  return sizeClass(length) * bytesPerElement(dtype);
}

interface Place {
  readonly array: TypedArray;
  readonly offset: number;
}

interface Step {
  readonly instruction: Instruction;
  readonly views: readonly BoundView[];
  readonly go: RunRows;
}

function largestLevel({ space }: BufferDecl, { levels, levelRows }: Schedule): number {
  const { begin, end } = levelRows[space as "node"]!;
  return Array.from({ length: levels }, (_, l) => end[l]! - begin[l]!).reduce((a, b) => Math.max(a, b), 0);
}
