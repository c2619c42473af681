import type { Arena, DType, Handle, Recording, Run } from "../../program/index.js";
import type { Pool, PooledHandle } from "./pool.js";

/** Memory that recordings have in common, by class. */
export class PooledArena<M> implements Arena {
  private readonly spare = new Map<string, PooledHandle<M>[]>();
  bytes = 0;

  constructor(readonly pool: Pool<M>) {}

  take(dtype: DType, length: number): PooledHandle<M> | undefined {
    const handle = this.spare.get(this.pool.classOf(dtype, length))?.pop();
    if (handle) this.bytes -= this.pool.bytesOf(handle);
    return handle;
  }

  give(handle: PooledHandle<M>): void {
    this.bytes += this.pool.bytesOf(handle);
    const key = this.pool.classOf(handle.dtype, handle.length);
    const list = this.spare.get(key);
    if (list) list.push(handle);
    else this.spare.set(key, [handle]);
  }

  release(): void {
    for (const list of this.spare.values()) for (const handle of list) this.pool.release(handle);
    this.spare.clear();
    this.bytes = 0;
  }
}

/** What a recording under way has noted. */
interface Notes<M> {
  readonly arena: PooledArena<M>;
  readonly runs: Run[];
  readonly made: Set<Handle>;
  /** Not given back so far. */
  readonly left: Set<Handle>;
  /** Numbers from outside lie there: the runs are repeated with them. */
  readonly written: Set<Handle>;
  /** In memory that served before. */
  readonly reused: Set<PooledHandle<M>>;
  /** Given back, but not to be used again. */
  readonly retired: PooledHandle<M>[];
}

/**
 * Notes the runs of an executor, and keeps from the pool the memory that they may touch. Inside a recording that memory serves again,
 * as it would outside: the runs are repeated in the same order.
 */
export class Recorder<M> {
  private current: Notes<M> | null = null;

  constructor(
    private readonly pool: Pool<M>,
    private readonly copy: (from: M, to: M) => void,
  ) {}

  get isRecording(): boolean {
    return this.current !== null;
  }

  record(f: () => void, given?: Arena): Recording {
    if (this.current) throw new Error("record: a recording is under way");
    const arena = given ? this.own(given) : new PooledArena(this.pool);
    const notes: Notes<M> = {
      arena,
      runs: [],
      made: new Set(),
      left: new Set(),
      written: new Set(),
      reused: new Set(),
      retired: [],
    };
    this.current = notes;
    const release = () => {
      for (const handle of notes.retired.splice(0)) this.pool.release(handle);
      if (!given) arena.release();
    };
    try {
      f();
    } catch (error) {
      release();
      throw error;
    } finally {
      this.current = null;
      // What lives on has its memory to itself.
      for (const handle of notes.reused) {
        const left = this.pool.moved(handle);
        this.copy(left.memory, handle.memory);
        arena.give(left);
      }
    }
    const bytes = notes.retired.reduce((n, handle) => n + this.pool.bytesOf(handle), 0);
    return { runs: notes.runs, made: notes.made, left: notes.left, bytes, release };
  }

  note(run: Run): void {
    this.current?.runs.push({ ...run, bindings: [...run.bindings] });
  }

  allocate(dtype: DType, length: number): PooledHandle<M> {
    const notes = this.current;
    if (notes === null) return this.pool.allocate(dtype, length);
    const spare = notes.arena.take(dtype, length);
    const made = spare ? this.pool.again(spare, length) : this.pool.allocate(dtype, length);
    if (spare) notes.reused.add(made);
    notes.made.add(made);
    notes.left.add(made);
    return made;
  }

  release(handle: PooledHandle<M>): void {
    const notes = this.current;
    if (notes === null) {
      this.pool.release(handle);
      return;
    }
    notes.reused.delete(handle);
    notes.left.delete(handle);
    if (notes.made.has(handle) && !notes.written.has(handle)) notes.arena.give(handle);
    else notes.retired.push(handle);
  }

  /** Called before memory is written from outside: other runs must not use it. */
  write(handle: PooledHandle<M>): void {
    const notes = this.current;
    if (notes === null || notes.written.has(handle)) return;
    notes.written.add(handle);
    if (notes.reused.delete(handle)) notes.arena.give(this.pool.moved(handle));
  }

  private own(arena: Arena): PooledArena<M> {
    if (!(arena instanceof PooledArena) || arena.pool !== this.pool)
      throw new TypeError("an arena of another executor");
    return arena as PooledArena<M>;
  }
}
