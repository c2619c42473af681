/** Where something stands that cannot be read or written, and what to do. */
export interface KerasProblem {
  /** The layer by its name, or what of the file it is. */
  readonly where: string;
  /** What was found. */
  readonly found: string;
  /** What there should be, or what to do. */
  readonly remedy: string;
}

/**
 * A model of Keras or TensorFlow.js that cannot be read, or one that cannot be written for them. The message names the layer.
 * @example
 * const file = await toKeras(["Dense"], [linear({ input: 2, output: 1 }).init(Key.of(1))], { format: "weights.h5" });
 * await fromKeras(file).catch((error) => error instanceof KerasError && error.problem.where); // "the file"
 */
export class KerasError extends Error {
  override readonly name = "KerasError";

  /** @param what the function that found it, such as `fromKeras` */
  constructor(
    what: string,
    readonly problem: KerasProblem,
    options?: ErrorOptions,
  ) {
    super(`${what}: ${problem.where}: ${problem.found}; ${problem.remedy}`, options);
  }
}

/** Text from a file for a message: in quotes, without control characters, cut at 80. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
