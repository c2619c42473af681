import { UnknownSymbolError, type Vocabulary } from "longspan";
import { Failure } from "./failure.js";

/** A text in the numbers of a run's vocabulary. @throws Failure if the run does not know a character of it */
export function encodeFor(vocabulary: Vocabulary, text: string, path: string, run: string): Int32Array {
  try {
    return vocabulary.encode(text);
  } catch (error) {
    if (error instanceof UnknownSymbolError)
      throw new Failure(`${path} cannot be measured with ${run}: ${error.message}`);
    throw error;
  }
}
