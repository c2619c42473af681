import {
  type DType,
  type Execution,
  type Handle,
  type SynchronousExecutor,
  sizeClass,
} from "../program/index.js";
import { Arena, bytesOf } from "./arena.js";
import type { Recording } from "./recording.js";

/** What was noted so far. */
interface Notes {
  readonly arena: Arena;
  readonly executions: Execution[];
  readonly made: Set<Handle>;
  /** Handles that are not released yet. */
  readonly left: Set<Handle>;
  /** Handles whose memory holds numbers from outside, which repetitions read. */
  readonly written: Set<Handle>;
  /** Handles whose memory was used before in this recording. */
  readonly reused: Set<Handle>;
  /** Handles that are released, but whose memory must not be used again. */
  readonly retired: Handle[];
}

/**
 * Notes what an executor runs, and keeps the memory that is used for it out of the executor's pool. Within a recording, memory that is
 * released is used again. That is safe, since a repetition runs the programs in the same order.
 */
export class Recorder {
  private current: Notes | null = null;

  constructor(private readonly executor: SynchronousExecutor) {}

  get isRecording(): boolean {
    return this.current !== null;
  }

  record(f: () => void, existing?: Arena): Recording {
    if (this.current) throw new Error("record: a recording is under way");
    if (existing && existing.executor !== this.executor) throw new TypeError("an arena of another executor");
    const arena = existing ?? new Arena(this.executor);
    const notes: Notes = {
      arena,
      executions: [],
      made: new Set(),
      left: new Set(),
      written: new Set(),
      reused: new Set(),
      retired: [],
    };
    this.current = notes;
    const release = () => {
      for (const handle of notes.retired.splice(0)) this.executor.release(handle);
      if (!existing) arena.release();
    };
    try {
      f();
    } catch (error) {
      release();
      throw error;
    } finally {
      this.current = null;
      // A tensor that is still there after the recording gets memory of its own.
      for (const handle of notes.reused) {
        const left = this.moved(handle);
        this.executor.write(handle, 0, this.executor.read(left, 0, left.length));
        arena.give(left);
      }
    }
    const bytes = notes.retired.reduce((n, handle) => n + bytesOf(handle), 0);
    return { executions: notes.executions, made: notes.made, left: notes.left, bytes, release };
  }

  note(execution: Execution): void {
    this.current?.executions.push({ ...execution, bindings: [...execution.bindings] });
  }

  allocate(dtype: DType, length: number): Handle {
    const notes = this.current;
    if (notes === null) return this.executor.allocate(dtype, length);
    const spare = notes.arena.take(dtype, length);
    const made = (spare ?? this.roomFor(dtype, length)).renamed(length);
    if (spare) notes.reused.add(made);
    notes.made.add(made);
    notes.left.add(made);
    return made;
  }

  release(handle: Handle): void {
    const notes = this.current;
    if (notes === null) {
      this.executor.release(handle);
      return;
    }
    notes.reused.delete(handle);
    notes.left.delete(handle);
    if (notes.made.has(handle) && !notes.written.has(handle)) notes.arena.give(handle);
    else notes.retired.push(handle);
  }

  /** Called before memory is written from outside. No other execution may use that memory. */
  write(handle: Handle): void {
    const notes = this.current;
    if (notes === null || notes.written.has(handle)) return;
    notes.written.add(handle);
    if (notes.reused.delete(handle)) notes.arena.give(this.moved(handle));
  }

  /** Memory that any handle of the same size class can use later. */
  private roomFor(dtype: DType, length: number): Handle {
    return this.executor.allocate(dtype, sizeClass(length));
  }

  /** Gives a handle new memory. @returns a handle with its old memory */
  private moved(handle: Handle): Handle {
    const left = handle.renamed(handle.length);
    handle.memory = this.roomFor(handle.dtype, handle.length).memory;
    return left;
  }
}
