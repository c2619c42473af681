import { bytesPerElement, type DType, type TypedArray } from "../../program/index.js";
import type { BoundExecution, KernelModule } from "../kernels/kernel-module.js";
import type { KernelExports, Started } from "./host.js";
import { maySleep, type SharedMemory } from "./thread-pool.js";

/** Memory of the module: dropped when nothing refers to it. */
export class WasmMemory {
  view: TypedArray | null = null;
  constructor(
    readonly id: number,
    readonly address: number,
    readonly dtype: DType,
    readonly length: number,
  ) {}
}

/** The kernels of a WebAssembly module, whose functions take addresses in its linear memory. */
export class WasmKernels implements KernelModule<WasmMemory> {
  readonly mostBytes = 2 ** 32;
  private readonly dropped: FinalizationRegistry<number>;
  /** Room for the bindings of a run, in bytes from `bindingsAddress`. */
  private room = 0;
  private bindingsAddress = 0;
  /** Where the state of the team lies (kernels/wasm-threads.h). */
  private team = 0;
  /** Runs with their bindings in linear memory, which lie there until they are dropped. */
  private readonly prepared = new Map<
    number,
    {
      readonly executions: readonly { scheduled: number; bindings: number; length: number }[];
      readonly written: WasmMemory | null;
    }
  >();
  private nextPrepared = 0;
  private readonly module: KernelExports;
  private readonly memory: SharedMemory;

  constructor(
    { kernels: module, memory }: Started,
    readonly instructionSet: string,
  ) {
    this.module = module;
    this.memory = memory;
    this.dropped = new FinalizationRegistry((id) => {
      module.dropMemory(id);
    });
  }

  allocate(dtype: DType, length: number): WasmMemory {
    const id = this.checked(this.module.allocate(length * bytesPerElement(dtype)));
    const memory = new WasmMemory(id, this.module.address(id) >>> 0, dtype, length);
    this.dropped.register(memory, id, memory);
    return memory;
  }

  drop(memory: WasmMemory): void {
    this.dropped.unregister(memory);
    this.module.dropMemory(memory.id);
  }

  numberOf(memory: WasmMemory): number {
    return memory.id;
  }

  view(memory: WasmMemory): TypedArray {
    const { address, dtype, length } = memory;
    const buffer = this.bufferTo(address + length * bytesPerElement(dtype));
    if (memory.view?.buffer === buffer) return memory.view;
    const array = { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype];
    memory.view = new array(buffer, address, length);
    return memory.view;
  }

  touch(memory: WasmMemory): void {
    this.checked(this.module.touch(memory.id));
  }

  compile(ints: Int32Array, reals: Float64Array): number {
    const a = this.pass(ints);
    const b = this.pass(reals);
    const id = this.module.compile(a, ints.length, b, reals.length);
    this.module.release(a);
    this.module.release(b);
    return this.checked(id);
  }

  schedule(program: number, ints: Int32Array): number {
    const a = this.pass(ints);
    const id = this.module.schedule(program, a, ints.length);
    this.module.release(a);
    return this.checked(id);
  }

  run(scheduled: number, bindings: Float64Array): number[] | undefined {
    if (this.room < bindings.byteLength) {
      if (this.bindingsAddress !== 0) this.module.release(this.bindingsAddress);
      this.bindingsAddress = this.reserve(bindings.byteLength);
      this.room = bindings.byteLength;
    }
    const buffer = this.bufferTo(this.bindingsAddress + this.room);
    new Float64Array(buffer, this.bindingsAddress, bindings.length).set(bindings);
    return this.runBound(scheduled, this.bindingsAddress);
  }

  private runBound(scheduled: number, bindings: number): number[] | undefined {
    const status = this.checked(this.module.run(scheduled, bindings));
    if (status === 0) return undefined;
    return Array.from(new Int32Array(this.memory.buffer, this.module.failure() >>> 0, 4));
  }

  prepare(executions: readonly BoundExecution[], written: WasmMemory | null): number {
    const copied = executions.map(({ scheduled, bindings }) => ({
      scheduled,
      bindings: this.pass(bindings),
      length: bindings.length,
    }));
    this.prepared.set(this.nextPrepared, { executions: copied, written });
    return this.nextPrepared++;
  }

  rebind(prepared: number, positions: Int32Array, numbers: Float64Array): void {
    const { executions } = this.prepared.get(prepared)!;
    const { buffer } = this.memory;
    // Positions ascend: one pass over the runs.
    let [which, first] = [0, 0];
    let bindingNumbers =
      executions[0] && new Float64Array(buffer, executions[0].bindings, executions[0].length);
    for (const [i, position] of positions.entries()) {
      while (position >= first + executions[which]!.length) {
        first += executions[which]!.length;
        const { bindings, length } = executions[++which]!;
        bindingNumbers = new Float64Array(buffer, bindings, length);
      }
      bindingNumbers![position - first] = numbers[i]!;
    }
  }

  runPrepared(prepared: number): number[] | undefined {
    const { executions, written } = this.prepared.get(prepared)!;
    if (written) this.touch(written);
    for (const { scheduled, bindings } of executions) {
      const failure = this.runBound(scheduled, bindings);
      if (failure) return failure;
    }
    return undefined;
  }

  dropPrepared(prepared: number): void {
    for (const { bindings } of this.prepared.get(prepared)?.executions ?? []) this.module.release(bindings);
    this.prepared.delete(prepared);
  }

  dropScheduled(scheduled: number): void {
    this.checked(this.module.dropScheduled(scheduled));
  }

  dropProgram(program: number): void {
    this.module.dropProgram(program);
  }

  workspaceBytes(): number {
    return this.module.workspaceBytes();
  }

  /** Sets on how many threads runs are shared. @param leastShared nanoseconds of work that are worth a second one */
  share(threads: number, leastShared: number): void {
    this.team = this.module.threads(threads, leastShared) >>> 0;
    new Int32Array(this.memory.buffer, this.team, 3)[1] = Number(maySleep());
  }

  /** Pieces of work that other threads have done so far. */
  get helped(): number {
    return this.team === 0 ? 0 : new Int32Array(this.memory.buffer, this.team, 3)[0]!;
  }

  /** The memory, which reaches at least to this address: what another thread has added is noticed late. */
  private bufferTo(end: number): ArrayBuffer {
    if (this.memory.buffer.byteLength < end) this.memory.grow(0);
    return this.memory.buffer;
  }

  private pass(numbers: Int32Array | Float64Array): number {
    const at = this.reserve(Math.max(8, numbers.byteLength));
    const buffer = this.bufferTo(at + numbers.byteLength);
    if (numbers instanceof Int32Array) new Int32Array(buffer, at, numbers.length).set(numbers);
    else new Float64Array(buffer, at, numbers.length).set(numbers);
    return at;
  }

  private reserve(bytes: number): number {
    const at = this.module.reserve(bytes) >>> 0;
    if (at === 0) throw new RangeError("out of memory");
    return at;
  }

  private checked(result: number): number {
    if (result >= 0) return result;
    const bytes = new Uint8Array(this.memory.buffer, this.module.error() >>> 0);
    let text = "";
    for (let i = 0; bytes[i] !== 0 && i < 200; i++) text += String.fromCharCode(bytes[i]!);
    throw new Error(text);
  }
}
