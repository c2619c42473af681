import type { Collective } from "longspan";
import { Failure } from "../failure.js";

/** The processes that train together. Each goes through the same calls. */
export interface Ranks {
  readonly isFirst: boolean;
  readonly size: number;
  /** What joins their gradients; absent where there is one process. */
  readonly collective?: Collective;
  /** What each does for itself before anything is trained. If it fails on one, it fails on all, and one of them says why. */
  all<T>(work: () => T | Promise<T>): Promise<T>;
  /** What the first does for all, who hear what came of it: plain JSON. */
  ofFirst<T>(work: () => T | Promise<T>): Promise<T>;
  /** The training itself. What fails on one alone ends all others, which would wait for it. */
  training<T>(work: () => Promise<T>, explain: (error: unknown) => unknown): Promise<T>;
  /** To be awaited at the end, whatever the end was. */
  close(): Promise<void>;
}

/** A failure of which another process tells. */
export class ToldElsewhere extends Failure {
  override name = "ToldElsewhere";
}
