import type { Execution, Handle } from "../program/index.js";

/** The runs that a function made, in their order. */
export interface Recording {
  readonly executions: readonly Execution[];
  /** The memory that the function took. */
  readonly made: ReadonlySet<Handle>;
  /** What of it was not given back by the end. */
  readonly left: ReadonlySet<Handle>;
  /** Bytes that the recording holds besides its arena: numbers that the function wrote. */
  readonly bytes: number;
  /** Releases them, and an arena of its own: they stay for as long as the runs are repeated. */
  release(): void;
}
