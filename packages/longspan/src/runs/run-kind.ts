import type { SubwordCodec } from "../data/index.js";
import type { AnySequenceLayer, Module } from "../nn/index.js";
import type { Predictor } from "../tasks/index.js";
import type { OwnCellMaker } from "./cell-names.js";
import type { RunConfig, RunSchema } from "./configuration.js";
import type { KeptWeights, RunSource } from "./run-source.js";

/** A run that was opened for use, of whatever kind. */
export interface OpenedRun<P = unknown> extends KeptWeights<P> {
  /** The kind, as `task` in config.json names it. */
  readonly kind: string;
  /** What config.json holds. */
  readonly config: RunConfig;
  /** Of a model that is no sequence layer itself: the layer in it and its parameters, for drawings. */
  readonly net?: { readonly model: AnySequenceLayer; readonly params: unknown };
  /** Of a model that is no sequence layer: what is applied to what, over so many steps, or leaves of a tree, for drawings. */
  drawn?(size: number): DrawnModel;
  /** What it makes of inputs one by one; absent where there are no inputs. */
  predictor?(): Predictor;
}

/** A model with what its `apply` is given after the parameters of the run. */
export interface DrawnModel {
  readonly model: Pick<Module<never, readonly never[], unknown>, "apply">;
  readonly arguments: readonly unknown[];
}

/** What is needed besides the files of a run. */
export interface OpenOptions {
  /** Of a run whose cell is a module of the user's: what that exports. The run keeps the module as cell.mjs. */
  readonly cell?: OwnCellMaker;
  /**
   * Of a run on subwords: makes what cuts texts, and puts them together again, of the tokenizer that the run keeps, a value as its
   * tokenizer.json had it. Without it, the vocabulary of such a run knows its subwords by number, and reads and writes no text.
   */
  readonly tokenizer?: (stored: unknown) => SubwordCodec;
}

/** A kind of run that can be opened. */
export interface RunKind<Opened> {
  /** What its configuration holds, as far as a model is made of it. */
  readonly schema: RunSchema;
  /** @param config checked by the schema @throws RunError naming the file and what is wrong with it */
  open(config: RunConfig, source: RunSource, options: OpenOptions): Opened;
  /** What of an opened run vocabulary.json holds, for `saveModel`; absent for a kind that keeps nothing there. */
  readonly encoding?: RunEncoding;
}

/** What puts inputs into numbers and answers into words, as an opened run has it and as its file holds it. */
export interface RunEncoding {
  /** Under which name an opened run has it. */
  readonly name: string;
  /** What it is, in words. */
  readonly expected: string;
  /** Whether it is one that runs of this kind have. */
  accepts(encoding: unknown): boolean;
  /** The plain JSON that the file holds; the same by default. */
  // biome-ignore lint/suspicious/noExplicitAny: what the kind accepts
  stored?(encoding: any): object;
}

/** The settings of a configuration that the library knows. */
export function knownSettings<S>({ settings }: RunConfig, { settings: known }: RunSchema): S {
  return Object.fromEntries(Object.keys(known).map((name) => [name, settings[name]])) as S;
}
