import type { Input } from "../../predict/inputs.js";
import { TableError, textLines } from "../../tables/index.js";
import { sentencesOf } from "./read-file.js";

/** Sentences that are to be tagged: those of a file of columns, by its name, or one a line. */
export async function* readInputs(path: string): AsyncIterable<Input> {
  const isColumns = /\.(conllu?|iob2?|bio)(\.gz)?$/i.test(path);
  if (!isColumns) {
    for await (const { text, at } of textLines(path)) yield { line: at, value: text };
    return;
  }
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
