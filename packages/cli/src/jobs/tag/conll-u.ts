import { suggestion } from "longspan/node";
import {
  ColumnsError,
  type ColumnsOptions,
  type ColumnsReader,
  isBlank,
  OpenSentence,
  shownText,
} from "./columns.js";

/** The columns of CoNLL-U, by the names that settings give them. */
export const conllUColumns = [
  "id",
  "form",
  "lemma",
  "upos",
  "xpos",
  "feats",
  "head",
  "deprel",
  "deps",
  "misc",
] as const;

/**
 * Reads CoNLL-U, version 2: ten columns with one tab between them, comments before a sentence, tokens numbered from 1. Words are what is read:
 * a token that stands for several words (`3-4`) is passed over, since its words follow, and so is an empty node (`8.1`).
 *
 * @see universaldependencies.org/format.html
 */
export function conllUReader({ word, tag, tagged }: ColumnsOptions): ColumnsReader {
  const [wordAt, tagAt] = [columnOf(word, "form"), columnOf(tag, "upos")];
  const tagName = conllUColumns[tagAt]!;
  const open = new OpenSentence();
  // The last word, the last word that a range covers, and the empty nodes after the last word.
  let [last, covered, empties] = [0, 0, 0];
  // A comment may stand before the first line of a sentence only, be that of a range or an empty node.
  let hasLines = false;
  const close = (at: number) => {
    if (covered > last)
      throw new ColumnsError(
        at,
        "ID",
        `the sentence ends with word ${last}, and a line before covers words up to ${covered}`,
      );
    [last, covered, empties, hasLines] = [0, 0, 0, false];
    return open.close();
  };
  let lastLine = 0;
  return {
    line(text, at) {
      lastLine = at;
      if (isBlank(text)) return open.isSkipped ? open.close() : close(at);
      if (open.isSkipped) return null;
      if (text.startsWith("#")) {
        if (hasLines)
          throw new ColumnsError(
            at,
            null,
            "a comment within a sentence; comments stand before its first word, and an empty line after its last",
          );
        return null;
      }
      hasLines = true;
      const fields = text.split("\t");
      if (fields.length !== conllUColumns.length) throw wrongCount(fields.length, text, at);
      const id = fields[0]!;
      const range = /^([1-9]\d*)-([1-9]\d*)$/.exec(id);
      if (range) {
        const [from, to] = [Number(range[1]), Number(range[2])];
        if (from !== last + 1 || to < from || from <= covered)
          throw new ColumnsError(
            at,
            "ID",
            `${shownText(id)} after word ${last}, expected a range that begins with ${last + 1}, and none within another`,
          );
        covered = to;
        return null;
      }
      const empty = /^(0|[1-9]\d*)\.([1-9]\d*)$/.exec(id);
      if (empty) {
        if (Number(empty[1]) !== last || Number(empty[2]) !== empties + 1)
          throw new ColumnsError(
            at,
            "ID",
            `${shownText(id)} after word ${last}, expected ${last}.${empties + 1}`,
          );
        empties += 1;
        return null;
      }
      if (id !== String(last + 1))
        throw new ColumnsError(
          at,
          "ID",
          `${shownText(id)}, expected ${last + 1}: words are numbered from 1, and an empty line ends a sentence`,
        );
      const token = fields[wordAt]!;
      if (isBlank(token))
        throw new ColumnsError(at, conllUColumns[wordAt]!.toUpperCase(), "is empty, expected a word");
      const value = fields[tagAt]!;
      if (tagged && (isBlank(value) || (value === "_" && tagName !== "feats" && tagName !== "misc")))
        throw new ColumnsError(
          at,
          tagName.toUpperCase(),
          `${shownText(value)} for the word ${shownText(token)}, expected a tag; another column is named with --tag`,
        );
      [last, empties] = [last + 1, 0];
      open.add(token, tagged ? value : null, at);
      return null;
    },
    end: () => (open.isSkipped ? open.close() : close(lastLine)),
    skip() {
      [last, covered, empties, hasLines] = [0, 0, 0, false];
      open.skip();
    },
  };
}

function wrongCount(count: number, text: string, at: number): ColumnsError {
  const hint =
    count === 1 && /\S\s+\S/u.test(text)
      ? "; columns of CoNLL-U have a tab between them: for columns with spaces, --format conll"
      : "";
  return new ColumnsError(
    at,
    null,
    `${count} column${count === 1 ? "" : "s"}, expected 10 with tabs between them (ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS, MISC)${hint}`,
  );
}

/** The index of a column. @throws RangeError if there is none */
function columnOf(asked: string, usual: (typeof conllUColumns)[number]): number {
  const name = asked === "auto" ? usual : asked.toLowerCase();
  const found = /^\d+$/.test(name) ? Number(name) - 1 : (conllUColumns as readonly string[]).indexOf(name);
  if (conllUColumns[found] === undefined)
    throw new RangeError(
      `there is no column ${asked} in CoNLL-U${suggestion(name, conllUColumns)}; the columns are ${conllUColumns.join(", ")}, or numbers from 1 to 10`,
    );
  return found;
}
