/** A sentence of a file of columns: its tokens and, where they were asked for, their tags. */
export interface ReadSentence {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
  /** The line of its first token, counted from 1. */
  readonly at: number;
}

/** Something that is wrong in a line. */
export class ColumnsError extends Error {
  override name = "ColumnsError";

  constructor(
    /** Counted from 1. */
    readonly line: number,
    /** The name of the column, or its number; null where it is the line as a whole. */
    readonly column: string | null,
    /** What is wrong there. */
    readonly what: string,
  ) {
    super(`line ${line}${column === null ? "" : `, column ${column}`}: ${what}`);
  }
}

/** Reads sentences from lines of columns, one token a line, an empty line after each sentence. */
export interface ColumnsReader {
  /** The next line, without its end. Returns the sentence that it ends. @throws ColumnsError */
  line(text: string, at: number): ReadSentence | null;
  /** The end of the file: the sentence that nothing ended yet. @throws ColumnsError */
  end(): ReadSentence | null;
  /** Forgets the sentence that was begun, as after an error: reading goes on behind its end. */
  skip(): void;
}

/** Which columns are read. */
export interface ColumnsOptions {
  /** By number from 1, or in CoNLL-U by name; `auto` for the usual one. */
  readonly word: string;
  readonly tag: string;
  /** Whether each token must have a tag: not where tags are to be found. */
  readonly tagged: boolean;
}

/** Collects the tokens of a sentence. */
export class OpenSentence {
  private tokens: string[] = [];
  private tags: string[] = [];
  private at = 0;
  private skipping = false;

  get length(): number {
    return this.tokens.length;
  }

  /** Whether lines are passed over up to the next empty one. */
  get isSkipped(): boolean {
    return this.skipping;
  }

  add(token: string, tag: string | null, at: number): void {
    if (this.tokens.length === 0) this.at = at;
    this.tokens.push(token);
    if (tag !== null) this.tags.push(tag);
  }

  close(): ReadSentence | null {
    const { tokens, tags, at } = this;
    [this.tokens, this.tags, this.skipping] = [[], [], false];
    return tokens.length === 0 ? null : { tokens, tags, at };
  }

  skip(): void {
    [this.tokens, this.tags, this.skipping] = [[], [], true];
  }
}

export function isBlank(text: string): boolean {
  return /^\s*$/u.test(text);
}

/** A text of a file, as a message shows it. */
export function shownText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
