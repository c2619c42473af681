import {
  ColumnsError,
  type ColumnsOptions,
  type ColumnsReader,
  isBlank,
  OpenSentence,
  shownText,
} from "./columns.js";

/**
 * Reads columns as the shared tasks of CoNLL have them: a token a line, its columns with white space between them, or tabs where the first line has
 * some; an empty line after each sentence. All lines have as many columns. A line whose first column is -DOCSTART- is passed over.
 *
 * By default the first column is the word, and the last one the tag.
 */
export function conllReader({ word, tag, tagged }: ColumnsOptions): ColumnsReader {
  const [wordAt, tagAt] = [numberOf("word", word, 1), numberOf("tag", tag, null)];
  const open = new OpenSentence();
  let shape: { readonly columns: number; readonly at: number; readonly tabs: boolean } | null = null;
  return {
    line(text, at) {
      if (isBlank(text)) return open.close();
      if (open.isSkipped || /^-DOCSTART-(\s|$)/u.test(text)) return null;
      const tabs = shape?.tabs ?? text.includes("\t");
      const fields = tabs ? text.split("\t") : text.trim().split(/\s+/u);
      const asked = Math.max(wordAt, tagged ? (tagAt ?? 2) : 1);
      if (shape === null) {
        if (fields.length < asked)
          throw new ColumnsError(
            at,
            null,
            `${inWords(fields.length)}, expected ${asked} at least: a word and ${tagged ? "its tag" : "what else there is"}, with white space between them`,
          );
        shape = { columns: fields.length, at, tabs };
      } else if (fields.length !== shape.columns)
        throw new ColumnsError(
          at,
          null,
          `${inWords(fields.length)}, expected ${shape.columns} as in line ${shape.at}${tabs ? ", with a tab between them" : ""}`,
        );
      const token = fields[wordAt - 1]!;
      if (isBlank(token)) throw new ColumnsError(at, String(wordAt), "is empty, expected a word");
      const name = tagAt ?? fields.length;
      const value = fields[name - 1] ?? "";
      if (tagged && isBlank(value))
        throw new ColumnsError(at, String(name), `is empty for the word ${shownText(token)}, expected a tag`);
      open.add(token, tagged ? value.trim() : null, at);
      return null;
    },
    end: () => open.close(),
    skip: () => open.skip(),
  };
}

function inWords(count: number): string {
  return `${count} column${count === 1 ? "" : "s"}`;
}

/** @throws RangeError if it is no number of a column */
function numberOf<U>(setting: string, asked: string, usual: U): number | U {
  if (asked === "auto") return usual;
  if (!/^[1-9]\d{0,5}$/.test(asked))
    throw new RangeError(`--${setting} ${asked}: these columns have no names; give a number, from 1`);
  return Number(asked);
}
