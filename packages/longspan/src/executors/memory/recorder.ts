import type { DType, Handle, Recording, Run } from "../../program/index.js";
import type { Pool, PooledHandle } from "./pool.js";

/** What a recording under way has noted. */
interface Notes<M> {
  readonly runs: Run[];
  readonly made: Set<Handle>;
  /** Numbers from outside lie there: the runs are repeated with them. */
  readonly written: Set<Handle>;
  /** Given back, and free for what is taken next. */
  readonly spare: Map<string, PooledHandle<M>[]>;
  /** Took the memory of another that was given back, and was not used yet. */
  readonly reused: Set<Handle>;
  /** The handles before one in the same memory. */
  readonly before: Map<PooledHandle<M>, readonly PooledHandle<M>[]>;
  /** Given back, but not to be used again. */
  readonly retired: PooledHandle<M>[];
}

/**
 * Notes the runs of an executor, and keeps from the pool the memory that they may touch. Inside the recording that memory serves again,
 * as it would outside: the runs are repeated in the same order.
 */
export class Recorder<M> {
  private current: Notes<M> | null = null;

  constructor(private readonly pool: Pool<M>) {}

  get isRecording(): boolean {
    return this.current !== null;
  }

  record(f: () => void): Recording {
    if (this.current) throw new Error("record: a recording is under way");
    const notes: Notes<M> = {
      runs: [],
      made: new Set(),
      written: new Set(),
      spare: new Map(),
      reused: new Set(),
      before: new Map(),
      retired: [],
    };
    this.current = notes;
    const held = () => [...notes.retired, ...[...notes.spare.values()].flat()];
    const release = () => {
      for (const handle of held()) this.pool.release(handle);
      notes.retired.length = 0;
      notes.spare.clear();
    };
    try {
      f();
    } catch (error) {
      release();
      throw error;
    } finally {
      this.current = null;
    }
    this.part(notes);
    const bytes = held().reduce((n, handle) => n + this.pool.bytesOf(handle), 0);
    return { runs: notes.runs, made: notes.made, bytes, release };
  }

  note(run: Run): void {
    if (this.current === null) return;
    this.current.runs.push({ ...run, bindings: [...run.bindings] });
    for (const binding of run.bindings) if (binding) this.current.reused.delete(binding.handle);
  }

  allocate(dtype: DType, length: number): PooledHandle<M> {
    const notes = this.current;
    if (notes === null) return this.pool.allocate(dtype, length);
    const spare = notes.spare.get(this.pool.classOf(dtype, length))?.pop();
    const made = spare ? this.pool.again(spare, length) : this.pool.allocate(dtype, length);
    if (spare) {
      notes.reused.add(made);
      notes.before.set(made, [...(notes.before.get(spare) ?? []), spare]);
      notes.before.delete(spare);
    }
    notes.made.add(made);
    return made;
  }

  release(handle: PooledHandle<M>): void {
    const notes = this.current;
    if (notes === null) this.pool.release(handle);
    else if (notes.made.has(handle) && !notes.written.has(handle)) this.spare(notes, handle);
    else notes.retired.push(handle);
  }

  /** Called before memory is written from outside: earlier runs of a recording must not use it. */
  write(handle: PooledHandle<M>): void {
    const notes = this.current;
    if (notes === null || notes.written.has(handle)) return;
    notes.written.add(handle);
    if (!notes.reused.delete(handle)) return;
    const left = this.pool.moved(handle);
    notes.before.set(left, notes.before.get(handle)!);
    notes.before.delete(handle);
    this.spare(notes, left);
  }

  /** What lives on has its memory to itself: those that had it before in the recording get another. */
  private part(notes: Notes<M>): void {
    const spare = new Set([...notes.spare.values()].flat());
    for (const [handle, before] of notes.before) {
      if (spare.has(handle)) continue;
      const last = before.at(-1)!;
      this.pool.moved(last);
      for (const other of before) other.memory = last.memory;
      notes.retired.push(last);
    }
  }

  private spare(notes: Notes<M>, handle: PooledHandle<M>): void {
    const key = this.pool.classOf(handle.dtype, handle.length);
    const list = notes.spare.get(key);
    if (list) list.push(handle);
    else notes.spare.set(key, [handle]);
  }
}
