import { readFileSync } from "node:fs";
import { type StoredVocabulary, storedVocabulary, vocabularyFrom } from "longspan";
import { fileReason } from "longspan/node";
import { Failure } from "../failure.js";
import { readTokenizer } from "../jobs/text/tokenizer.js";

/** The symbols of a language model, with what each number was when it was trained. */
export interface ReadVocabulary {
  readonly stored: StoredVocabulary;
  /** For each symbol in its order here, the number that it has in the file. */
  readonly numbers: readonly number[];
}

const unknown = "<unk>";

/**
 * Reads a file of symbols: a JSON list, a record from symbols to numbers, a vocabulary.json of a run, or a tokenizer.json. Symbols that are all
 * single characters make a vocabulary of characters; others are tokens between white space, of which "<unk>" becomes number 0.
 * @throws Failure naming the file and what is wrong with it
 */
export function readVocabulary(path: string): ReadVocabulary {
  const wrong = (what: string): never => {
    throw new Failure(`--vocabulary ${path}: ${what}`);
  };
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return wrong(error instanceof SyntaxError ? `it is not JSON: ${error.message}` : fileReason(error));
  }
  if (isRecord(found) && isRecord(found.model)) return inOrder(storedVocabulary(readTokenizer(path)));
  if (isRecord(found) && Array.isArray(found.symbols)) return checked(found as unknown as StoredVocabulary);
  const symbols = Array.isArray(found)
    ? found
    : isRecord(found)
      ? listOf(found)
      : wrong("it holds no symbols");
  if (!symbols.every((s) => typeof s === "string")) wrong("a symbol is no text");
  if (symbols.every((s) => [...(s as string)].length === 1)) return checked({ level: "char", symbols });
  const first = symbols.indexOf(unknown);
  if (first < 0)
    wrong(
      `symbols of more than one character are tokens, and none of them is "${unknown}", which stands for those that the model does not know`,
    );
  const numbers = [first, ...symbols.keys()].filter((n, i) => i === 0 || n !== first);
  const stored = { level: "token", symbols: numbers.map((n) => symbols[n] as string) } as const;
  return { ...checked(stored), numbers };

  /** A record from symbols to numbers, as a list. */
  function listOf(record: Readonly<Record<string, unknown>>): string[] {
    const names = Object.keys(record);
    const list = new Array<string>(names.length);
    for (const name of names) {
      const n = record[name];
      if (
        !Number.isInteger(n) ||
        (n as number) < 0 ||
        (n as number) >= names.length ||
        list[n as number] !== undefined
      )
        wrong(
          `the number of ${JSON.stringify(name)} is ${JSON.stringify(n)}, expected one from 0 to ${names.length - 1} that no other symbol has`,
        );
      list[n as number] = name;
    }
    return list;
  }

  function checked(stored: StoredVocabulary): ReadVocabulary {
    try {
      vocabularyFrom(stored);
    } catch (error) {
      wrong((error as Error).message);
    }
    return inOrder(stored);
  }
}

function inOrder(stored: StoredVocabulary): ReadVocabulary {
  return { stored, numbers: [...stored.symbols.keys()] };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
