/** An input of a model as it was read, or what is wrong with it. */
export type Input =
  | { readonly line: number; readonly value: unknown }
  | { readonly line: number; readonly problem: string };

/** Reads inputs from a file, or from standard input, which is "-", one after the other in bounded memory. */
export type ReadInputs = (path: string) => AsyncIterable<Input>;
