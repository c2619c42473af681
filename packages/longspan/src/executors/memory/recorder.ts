import type { Recording, Run } from "../../program/index.js";
import type { Pool, PooledHandle } from "./pool.js";

/** Notes the runs of an executor, and puts off the release of memory that they may touch. */
export class Recorder<M> {
  private current: { readonly runs: Run[]; readonly freed: PooledHandle<M>[] } | null = null;

  constructor(private readonly pool: Pool<M>) {}

  record(f: () => void): Recording {
    if (this.current) throw new Error("record: a recording is under way");
    const current = { runs: [] as Run[], freed: [] as PooledHandle<M>[] };
    this.current = current;
    const release = () => {
      for (const handle of current.freed.splice(0)) this.pool.release(handle);
    };
    try {
      f();
    } catch (error) {
      release();
      throw error;
    } finally {
      this.current = null;
    }
    return { runs: current.runs, release };
  }

  note(run: Run): void {
    this.current?.runs.push({ ...run, bindings: [...run.bindings] });
  }

  release(handle: PooledHandle<M>): void {
    if (this.current) this.current.freed.push(handle);
    else this.pool.release(handle);
  }
}
