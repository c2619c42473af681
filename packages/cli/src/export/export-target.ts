import type { OpenedRun } from "longspan";

/** What an export is made of. */
export interface ExportSource {
  /** The folder of the run. */
  readonly folder: string;
  /** What the files are called, without an ending. */
  readonly name: string;
  /** The ending that the user asked for, such as `.pt`; empty if none. */
  readonly ending: string;
  readonly run: OpenedRun;
}

/** Files by the ending that comes after the name of the export; the first is the one that `--out` names. */
export type ExportFiles = readonly (readonly [ending: string, contents: Uint8Array | string])[];

/** A form in which a trained model is written. */
export interface ExportTarget {
  /** For whom, in words. */
  readonly help: string;
  /** The endings that `--out` may have, the first by default. */
  readonly endings: readonly string[];
  /** Loads what writes it. */
  load(): Promise<(source: ExportSource) => ExportFiles | Promise<ExportFiles>>;
}
