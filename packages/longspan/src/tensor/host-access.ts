import type { Handle, TypedArray } from "../program/index.js";
import { ambient } from "./ambient.js";

/** What passes between tensors and plain numbers while a function runs: who captures the function's runs must know. */
export interface HostAccess {
  /** Fresh memory was filled with numbers. */
  filled(handle: Handle, data: ArrayLike<number>): void;
  /** Something happened that the runs alone do not repeat; `what` completes "the function ...". */
  refused(what: string): void;
  /** Elements were read. */
  read(t: Readable, data: TypedArray): void;
  /** Elements were read, and matter only in that the check is passed. */
  checked(t: Readable, check: (data: TypedArray) => void): void;
  /** The words of a key were made from those of another. */
  folded(from: readonly number[], data: number, to: readonly number[]): void;
}

/** What is known of a tensor whose elements were read. */
export interface Readable {
  readonly size: number;
  /** A tensor over the same memory. */
  view(shape: readonly number[]): Readable;
  /** Where its elements lie. */
  binding(): { handle: Handle; offset: number };
}

const watching = ambient<HostAccess | null>(null);

/**
 * Who is told, if anyone.
 * @example hostAccess() // null: no function is being captured
 */
export function hostAccess(): HostAccess | null {
  return watching.present;
}

/**
 * Runs `f` and tells of what passes. Within `f`, nobody else is told.
 * @example
 * const read: number[] = [];
 * const none = () => {};
 * const told = { filled: none, refused: none, checked: none, folded: none, read: (_: unknown, data: ArrayLike<number>) => read.push(data[0]!) };
 * withHostAccess(told, () => onCpu(tensor([5])).item());
 * read // [ 5 ]
 */
export function withHostAccess<T>(observer: HostAccess | null, f: () => T): T {
  return watching.within(observer, f);
}
