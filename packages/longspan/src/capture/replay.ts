import type { BoundExecutions, Handle } from "../program/index.js";
import type { RecordableExecutor } from "../recording/index.js";
import { checkNumbers, type Key, keep, Tensor } from "../tensor/index.js";
import { type CallSignature, withTensors } from "./call-signature.js";
import { type Filling, type Reading, type RecordedCall, type Source, sameNumbers } from "./recorded-call.js";

/** Which memory a repetition uses: that of an argument, that of a new result, or that of the recording. */
type Memory =
  | { readonly of: "argument"; readonly index: number }
  | { readonly of: "result"; readonly index: number }
  | { readonly of: "recording"; readonly handle: Handle };

interface Output {
  readonly memory: Memory;
  readonly offset: number;
  readonly shape: readonly number[];
  /** A view of the tensor, if its memory is that of the recording. */
  readonly fixed: Tensor | null;
}

/** Repeats a recorded call: runs its programs instead of calling the function. */
export class Replay {
  readonly bytes: number;
  private readonly repeated: BoundExecutions;
  private readonly lasting: readonly Handle[];
  /** Memory that each repetition allocates: first that of the results, then that of tensors that the function kept. */
  private readonly fresh: readonly Handle[];
  private readonly results: number;
  private readonly fillings: readonly (Filling & { readonly memory: Memory })[];
  private readonly readings: readonly (Reading & { readonly memory: Memory; readonly offset: number })[];
  private readonly outputs: readonly Output[];

  constructor(
    private readonly executor: RecordableExecutor,
    private readonly recorded: RecordedCall,
    signature: CallSignature,
  ) {
    const { recording, resultSignature, fillings, readings } = recorded;
    const argumentMemories = signature.memories;
    const inResults = resultSignature.memories.filter(
      (h) => recording.made.has(h) && !argumentMemories.includes(h),
    );
    const constant = new Set(fillings.flatMap((f) => (f.source.from === "function" ? f.handle : [])));
    const kept = [...recording.left].filter((h) => !inResults.includes(h) && !constant.has(h));
    this.results = inResults.length;
    this.fresh = [...inResults, ...kept];
    const memoryOf = (handle: Handle): Memory => {
      const argument = argumentMemories.indexOf(handle);
      if (argument >= 0) return { of: "argument", index: argument };
      const result = this.fresh.indexOf(handle);
      return result >= 0 ? { of: "result", index: result } : { of: "recording", handle };
    };
    const bound = recording.executions.flatMap((execution) =>
      execution.bindings.flatMap((b) => b?.handle ?? []),
    );
    this.lasting = [...new Set(bound)].filter((handle) => memoryOf(handle).of === "recording");
    this.repeated = executor.bind(recording.executions, [...argumentMemories, ...this.fresh]);
    this.fillings = fillings.flatMap((filling) => {
      const memory = memoryOf(filling.handle);
      // Numbers of the function itself, in memory of the recording, are still there.
      const stays = filling.source.from === "function" && memory.of === "recording";
      return stays ? [] : [{ ...filling, memory }];
    });
    this.readings = readings.map((reading) => {
      const { handle, offset } = reading.view.binding();
      return { ...reading, memory: memoryOf(handle), offset };
    });
    this.outputs = resultSignature.tensors.map((t) => {
      const { handle, offset } = t.binding();
      const memory = memoryOf(handle);
      const fixed = memory.of === "recording" ? keptView(t) : null;
      return { memory, offset, shape: t.shape, fixed };
    });
    this.bytes = recording.bytes;
  }

  /**
   * Runs the recorded programs on the arguments of this signature.
   * @returns the result; undefined if the function would do something else this time, so that it has to be called
   */
  run(signature: CallSignature): { readonly result: unknown } | undefined {
    const { executor } = this;
    const fresh = this.fresh.map(({ dtype, length }) => executor.allocate(dtype, length));
    const handleOf = (memory: Memory): Handle =>
      memory.of === "argument"
        ? signature.memories[memory.index]!
        : memory.of === "result"
          ? fresh[memory.index]!
          : memory.handle;
    try {
      for (const { memory, source } of this.fillings) this.fill(handleOf(memory), source, signature);
      this.repeated.run([...signature.memories, ...fresh]);
      for (const { memory, offset, view, expects } of this.readings) {
        const data = executor.read(handleOf(memory), offset, view.size);
        if (typeof expects === "function") expects(data);
        else if (!sameNumbers(data, expects)) {
          for (const handle of fresh) executor.release(handle);
          return undefined;
        }
      }
    } catch (error) {
      for (const handle of fresh) executor.release(handle);
      throw error;
    }
    for (const handle of fresh.slice(this.results)) executor.release(handle);
    return { result: this.assemble(signature, fresh.slice(0, this.results)) };
  }

  /** Whether the memory of the recording is still there. */
  get isValid(): boolean {
    return !this.lasting.some((handle) => handle.released);
  }

  /** Releases all that it holds. */
  drop(): void {
    this.repeated.release();
    for (const { fixed } of this.outputs) fixed?.dispose();
    this.recorded.drop();
  }

  private fill(handle: Handle, source: Source, signature: CallSignature): void {
    const data = source.from === "function" ? source.data : numbersOf(source, signature);
    if (source.from === "array") checkNumbers("fromArray", data, handle.dtype);
    this.executor.write(handle, 0, data);
  }

  private assemble(signature: CallSignature, fresh: readonly Handle[]): unknown {
    const whole = fresh.map((handle) => Tensor.own(this.executor, handle, [handle.length]));
    const tensors = this.outputs.map(({ memory, offset, shape, fixed }) => {
      if (memory.of === "result") return whole[memory.index]!.view(shape, offset);
      if (fixed) return fixed.view(shape);
      const handle = signature.memories[(memory as { index: number }).index]!;
      return viewIn(signature.tensors, handle, shape, offset);
    });
    for (const t of whole) t.dispose();
    let i = 0;
    return withTensors(this.recorded.template, () => tensors[i++]!);
  }
}

/** A view of the argument in whose memory a result lies. */
function viewIn(
  tensors: readonly Tensor[],
  handle: Handle,
  shape: readonly number[],
  offset: number,
): Tensor {
  const size = shape.reduce((n, d) => n * d, 1);
  for (const t of tensors) {
    const own = t.binding();
    if (own.handle === handle && own.offset <= offset && offset + size <= own.offset + t.size)
      return t.view(shape, offset - own.offset);
  }
  throw new Error("a result lies outside of the arguments' memory");
}

function keptView(t: Tensor): Tensor {
  return keep(t.view(t.shape));
}

function numbersOf(
  source: Exclude<Source, { from: "function" }>,
  signature: CallSignature,
): ArrayLike<number> {
  if (source.from === "array") return signature.arrays[source.index]!;
  return source.folds.reduce((key: Key, n) => key.fold(n), signature.keys[source.index]!).words;
}
