import { formatShape, type Shape } from "../tensor/index.js";

/** One thing that is wrong with a weight file. */
export interface WeightFileProblem {
  /** Byte of the file, from 0, where known. */
  readonly offset?: number;
  /** Name of the tensor concerned, where one is. */
  readonly tensor?: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * A weight file that cannot be read, or that does not fit the parameters it is read into. The message says where, what
 * was expected and what was found.
 * @example
 * try {
 *   decodeSafetensors(new Uint8Array(3));
 * } catch (error) {
 *   console.log((error as Error).message);
 *   // weight file, byte 0: expected 8 bytes with the length of the header, found a file of 3 bytes
 * }
 */
export class WeightFileError extends Error {
  override name = "WeightFileError";
  /** At least one, in the order found. */
  readonly problems: readonly WeightFileProblem[];

  constructor(...problems: [WeightFileProblem, ...WeightFileProblem[]]) {
    super(messageOf(problems));
    this.problems = problems;
  }
}

/** More problems than this are counted rather than told. */
const mostShown = 8;

function messageOf(problems: readonly WeightFileProblem[]): string {
  const lines = problems.slice(0, mostShown).map(line);
  if (problems.length > mostShown) lines.push(`and ${problems.length - mostShown} more`);
  return lines.length === 1 ? `weight file, ${lines[0]}` : `weight file:\n  ${lines.join("\n  ")}`;
}

function line({ offset, tensor, expected, found }: WeightFileProblem): string {
  const where: string[] = [];
  if (tensor !== undefined) where.push(`tensor ${quote(tensor)}`);
  if (offset !== undefined) where.push(`byte ${offset}`);
  return `${where.join(", ")}: expected ${expected}, found ${found}`;
}

/** Text from a file for a message: in quotes, without control characters, cut at 80. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/** A shape from a file for a message, cut at 16 axes. */
export function shapeText(shape: Shape): string {
  return shape.length > 16
    ? `[${shape.slice(0, 16).join(", ")}, ...] with ${shape.length} axes`
    : formatShape(shape);
}
