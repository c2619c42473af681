/** Where something stands that cannot be written as ONNX or read from it, and what to do. */
export interface OnnxProblem {
  /** The node, value or field, by its name in the file; the layer or operation, where a model is written. */
  readonly where: string;
  /** What was found. */
  readonly found: string;
  /** What there should be, or what to do. */
  readonly remedy: string;
}

/**
 * A model that cannot be written as ONNX, or a file that cannot be read.
 * @example
 * try { fromOnnx(new Uint8Array(3)) } catch (error) { error instanceof OnnxError && error.problem.where } // "the file"
 */
export class OnnxError extends Error {
  override readonly name = "OnnxError";

  /** @param what the function that found it, such as `toOnnx` */
  constructor(
    what: string,
    readonly problem: OnnxProblem,
    options?: ErrorOptions,
  ) {
    super(`${what}: ${problem.where}: ${problem.found}; ${problem.remedy}`, options);
  }
}
