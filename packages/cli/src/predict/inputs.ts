/** An input of a model as it was read, or what is wrong with it. */
export type Input =
  | { readonly line: number; readonly value: unknown }
  | { readonly line: number; readonly problem: Error };

/**
 * Reads inputs of a kind from a file, or from standard input, which is "-", one after the other in bounded memory. Null where the file is a
 * table, JSON or an input a line: those are read alike for all kinds.
 * @param settings of the run
 */
export type ReadInputs = (
  path: string,
  settings: Readonly<Record<string, unknown>>,
) => AsyncIterable<Input> | null;
