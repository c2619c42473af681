import type { Input, ReadInputs } from "../../predict/inputs.js";
import type { RawSequence } from "./raw-sequence.js";
import { holdsFolders, sequencesIn } from "./sequences.js";
import type { ClassifySettings } from "./settings.js";

/** Inputs that are neither a line nor a row: sequences of a .ts file, of a folder, or of a table with a row per step. */
export const classifyInputs: ReadInputs = (path, settings) => {
  const { input, id, label, weight } = settings as unknown as ClassifySettings;
  const isLong = id !== null && /\.(csv|tsv|parquet)(\.gz)?$/i.test(path);
  if (!isLong && !holdsFolders(path) && !/\.ts$/i.test(path)) return null;
  const ignored = [label, id, weight];
  return asInputs(sequencesIn(path, { input, label: null, id: isLong ? id : null, weight: null, ignored }));
};

async function* asInputs(sequences: AsyncIterable<RawSequence>): AsyncGenerator<Input, void, undefined> {
  for await (const { content, columns, at } of sequences) {
    if (typeof content === "string") yield { line: at, value: content };
    else {
      const width = columns.length;
      const rows = Array.from({ length: content.length / width }, (_, t) =>
        Array.from(content.subarray(t * width, (t + 1) * width), (v) => (Number.isNaN(v) ? null : v)),
      );
      yield { line: at, value: rows };
    }
  }
}
