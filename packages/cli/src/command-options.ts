/** Options of `longspan inspect`. */
export interface InspectOptions {
  readonly data?: string;
  readonly steps?: number;
  readonly sequences: number;
  readonly curvature?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** Options of `longspan eval`. */
export interface EvalOptions {
  readonly json?: boolean;
  /** Leaves out what the model does not know. */
  readonly skipUnknown?: boolean;
  /** Lengths to evaluate at besides, with commas between them. */
  readonly lengths?: string;
}

/** Options of `longspan sample`. */
export interface SampleOptions {
  readonly length: number;
  readonly temperature: number;
  readonly seed: number;
  readonly prompt: string;
  readonly topK?: number;
  readonly topP?: number;
  /** Leaves out of the prompt what the model does not know. */
  readonly skipUnknown?: boolean;
}

/** Options of `longspan draw`. */
export interface DrawRunOptions {
  /** Steps side by side, in place of the circuit. */
  readonly unfolded?: number;
  readonly detail?: "variables" | "units" | "operations";
  /** A file; stdout by default. */
  readonly out?: string;
}

/** Options of `longspan predict`. */
export interface PredictOptions {
  /** What the input is, where its name does not say. */
  readonly format?: "lines" | "jsonl" | "csv" | "tsv";
  /** Goes on after an input that is none, and names it on stderr. */
  readonly skipBad?: boolean;
  /** Inputs that are answered together. */
  readonly batch: number;
  /** Of a run on a text: symbols of the continuation. */
  readonly length?: number;
  /** Of a run on a text: how many of the most probable next symbols. */
  readonly top?: number;
}

/** Options of `longspan forecast`. */
export interface ForecastOptions {
  /** Steps ahead; those of the run by default. */
  readonly horizon?: number;
  readonly quantiles: readonly number[];
  /** By the name of `out`, or CSV, by default. */
  readonly format?: "csv" | "jsonl";
  /** A file; stdout by default. */
  readonly out?: string;
}

/** Options of `longspan serve`. */
export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBody: number;
  readonly maxStreams: number;
  readonly idle: number;
  readonly rate: number;
  readonly timeout: number;
  readonly maxWaiting: number;
}

/** Options of `longspan translate`. */
export interface TranslateOptions {
  readonly beam: number;
  readonly batch: number;
}

/** Options of `longspan import`. */
export interface ImportOptions {
  readonly out: string;
  /** A file with the symbols of a language model, in the order of their numbers. */
  readonly vocabulary?: string;
  /** The module of a cell of the user's. */
  readonly cell?: string;
}
