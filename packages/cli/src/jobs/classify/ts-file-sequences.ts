import { TableError, textLines } from "../../tables/index.js";
import type { RawSequence } from "./raw-sequence.js";
import { featureNames } from "./table-sequences.js";

/**
 * The sequences of a .ts file, as the archives of time series classification have them: after `@data` a line for each, its features with
 * colons between them, each as numbers with commas between them, `?` for a missing one, and the class last.
 * @param labelled whether classes are asked for
 * @throws TableError naming the file and the line
 */
export async function* tsFileSequences(
  path: string,
  labelled: boolean,
): AsyncGenerator<RawSequence, void, undefined> {
  let inData = false;
  let hasLabels = true;
  let width: number | null = null;
  for await (const { text, at } of textLines(path)) {
    const line = text.trim();
    const fault = (what: string) => new TableError(path, { unit: "line", number: at }, null, what);
    if (line === "" || line.startsWith("#")) continue;
    if (!inData) {
      if (!line.startsWith("@"))
        throw fault("expected a line that begins with @ or #, before @data and the sequences");
      if (/^@data$/i.test(line)) inData = true;
      if (/^@classlabel\s+false/i.test(line)) hasLabels = false;
      continue;
    }
    if (labelled && !hasLabels) throw fault("the file has no classes: its header says @classLabel false");
    const parts = line.split(":");
    const label = hasLabels ? parts.pop()!.trim() : null;
    if (label === "" || parts.length === 0)
      throw fault("expected numbers with commas between them, a colon, and the class");
    const features = parts.map((part) => part.split(",").map((word) => numberOf(word.trim(), fault)));
    width ??= features.length;
    if (features.length !== width)
      throw fault(`${features.length} features, expected ${width}, as many as in the lines before`);
    const steps = features[0]!.length;
    const other = features.findIndex((values) => values.length !== steps);
    if (other >= 0)
      throw fault(
        `feature ${other + 1} has ${features[other]!.length} steps, and feature 1 has ${steps}; all have as many`,
      );
    const content = Float64Array.from(
      { length: steps * width },
      (_, i) => features[i % width!]![Math.floor(i / width!)]!,
    );
    yield { content, columns: featureNames(width), column: "values", label, weight: 1, at, fault };
  }
  if (!inData)
    throw new TableError(path, null, null, "there is no line @data, after which the sequences come");
}

function numberOf(word: string, fault: (what: string) => TableError): number {
  if (word === "?" || /^nan$/i.test(word)) return Number.NaN;
  const number = word === "" ? Number.NaN : Number(word);
  if (Number.isFinite(number)) return number;
  throw fault(`${JSON.stringify(word)} is no number; a missing one is a question mark`);
}
