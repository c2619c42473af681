import type { Input, ReadInputs } from "../../predict/inputs.js";
import { TableError } from "../../tables/index.js";
import { sentencesOf } from "./read-file.js";

/** Sentences of columns that are to be tagged: of a file with such a name. */
export const readInputs: ReadInputs = (path) =>
  /\.(conllu?|iob2?|bio)(\.gz)?$/i.test(path) ? inputsIn(path) : null;

async function* inputsIn(path: string): AsyncIterable<Input> {
  for await (const sentence of sentencesOf(path, {
    format: "auto",
    word: "auto",
    tag: "auto",
    tagged: false,
  }))
    yield sentence instanceof TableError
      ? { line: sentence.line ?? 0, problem: sentence }
      : { line: sentence.at, value: { tokens: sentence.tokens } };
}
