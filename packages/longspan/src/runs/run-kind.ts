import type { RunConfig, RunSchema } from "./configuration.js";
import type { RunSource } from "./run-source.js";

/** A kind of run that the library can open. */
export interface RunKind<Opened> {
  /** What its configuration holds, as far as a model is made of it. */
  readonly schema: RunSchema;
  /** @param config checked by the schema @throws RunError naming the file and what is wrong with it */
  open(config: RunConfig, source: RunSource): Opened;
}

/** The settings of a configuration that the library knows. */
export function knownSettings<S>({ settings }: RunConfig, { settings: known }: RunSchema): S {
  return Object.fromEntries(Object.keys(known).map((name) => [name, settings[name]])) as S;
}
