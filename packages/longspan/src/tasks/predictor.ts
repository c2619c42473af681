/** What a trained model does with inputs, one by one: the same for a command in a pipe, a server and a page. I: an input that was read. */
export interface Predictor<I = unknown> {
  /** What an input is, in words, for messages: `a text, or a record { text }`. */
  readonly input: string;
  /** What a line of plain text is, where its file does not say: the input itself, or JSON. */
  readonly format: "lines" | "jsonl";
  /**
   * Reads an input: a line of text, a value that was JSON, or a row of a table by its columns.
   * @throws InputError saying what is wrong with it
   */
  read(value: unknown): I;
  /** An answer to each input, in their order: records of plain JSON. An answer does not depend on what is asked beside it. */
  predict(inputs: readonly I[]): Promise<readonly object[]>;
}

/** Where in an input something is wrong. */
export interface InputPosition {
  /** Of a text: the character, counted from 1. */
  readonly column?: number;
  /** Of a value: the way to it, such as `values[3]`. */
  readonly path?: string;
}

/**
 * An input of which a model can make nothing. The message says what is wrong; who knows the file and the line says them before it.
 * @example new InputError("the text is missing", { path: "text" }).message // "text: the text is missing"
 */
export class InputError extends Error {
  override name = "InputError";
  readonly column: number | undefined;
  readonly path: string | undefined;

  constructor(
    /** What is wrong. */
    readonly reason: string,
    { column, path }: InputPosition = {},
  ) {
    super(path === undefined ? reason : `${path}: ${reason}`);
    this.column = column;
    this.path = path;
  }
}
