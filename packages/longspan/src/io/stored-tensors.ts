import type { StoredTensor } from "./elements.js";
import { WeightFileError, type WeightFileProblem } from "./weight-file-error.js";

/** Tensors by name; to get one that could not be read is an error that says why. */
export class StoredTensors extends Map<string, StoredTensor> {
  constructor(
    read: readonly [string, StoredTensor][],
    private readonly unread: ReadonlyMap<string, WeightFileProblem>,
  ) {
    super(read);
  }

  override get(name: string): StoredTensor | undefined {
    const problem = this.unread.get(name);
    if (problem) throw new WeightFileError(problem);
    return super.get(name);
  }
}
