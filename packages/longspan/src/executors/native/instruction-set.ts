/** An instruction set and what it reached in a short product on one thread. */
export interface InstructionSetSpeed {
  readonly name: string;
  /** In GFLOP/s. */
  readonly gflops: number;
}

/** A newer set is given up only for one that is faster by more than trials of one set differ. */
const margin = 1.05;

/**
 * The set to use: the newest that comes within 5 per cent of the fastest. All of them give the same bits, so that a trial which is
 * disturbed changes how long a run takes and nothing else.
 * @param sets newest first
 */
export function fastest(sets: readonly InstructionSetSpeed[]): InstructionSetSpeed | undefined {
  const most = Math.max(...sets.map((s) => s.gflops));
  return sets.find((s) => s.gflops * margin >= most);
}
