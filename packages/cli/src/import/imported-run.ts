import type { RunContent } from "longspan";

/** A run as it is made of a file. */
export interface ImportedRun {
  readonly content: RunContent;
  /** What vocabulary.json holds. */
  readonly vocabulary?: object;
  readonly params: object;
  readonly step: number;
  /** The source of the module of the user's cell. */
  readonly cell?: string;
}
