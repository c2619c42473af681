/** Names of cells on the command line. */
export const cells = ["lstm", "gru", "rnn", "peephole-lstm", "coupled-lstm", "gru-reset-after"] as const;

/** The name by which the library knows a cell: `gruResetAfter` for `gru-reset-after`. */
export function libraryName<N extends string>(cell: string): N {
  return cell.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()) as N;
}
