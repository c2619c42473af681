import type { Execution, Handle } from "../program/index.js";

/** What was run while a function was called, in order. */
export interface Recording {
  readonly executions: readonly Execution[];
  /** The memory that the function allocated. */
  readonly made: ReadonlySet<Handle>;
  /** The part of it that was not released by the end. */
  readonly left: ReadonlySet<Handle>;
  /** Bytes that the recording holds besides its arena: numbers that the function wrote. */
  readonly bytes: number;
  /** Releases the memory, and the arena if the recording has its own. The recording must not be repeated afterwards. */
  release(): void;
}
