import { check, isRecord, kind, type RequiredKind, size } from "../check/index.js";

/**
 * What joins the ranks of a training: processes that each take a share of every batch, as MPI has them. Every rank calls the same methods in
 * the same order. `longspan-mpi` is one on MPI, `ranksInProcess` one in a single process.
 */
export interface Collective {
  /** Which rank this is, from 0 to `size` - 1. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /**
   * Replaces numbers by their sums over all ranks, element by element. Every rank gets the same bits, and another run with as many ranks gets
   * them again: the order of a sum is that of the ranks. The numbers are left alone until the promise settles.
   * @throws Error if a rank gives another number of them
   */
  sum(numbers: Float32Array | Float64Array): Promise<void>;
  /** The bytes that each rank gives, in the order of the ranks. They may differ in number. */
  gather(bytes: Uint8Array): Promise<readonly Uint8Array[]>;
}

/** What joins ranks. */
export const collectiveKind: RequiredKind = kind(
  "a collective, such as longspan-mpi or ranksInProcess gives",
  (value) =>
    isRecord(value) &&
    Number.isSafeInteger(value.rank) &&
    Number.isSafeInteger(value.size) &&
    typeof value.sum === "function" &&
    typeof value.gather === "function",
);

/** A rank among others. */
export type Rank = Pick<Collective, "rank" | "size">;

/**
 * Ranks within one process: one `Collective` for each of several trainings that go on at the same time. They are not faster than one, but do
 * what ranks of several processes do, so programs for MPI can be tried.
 *
 * @throws RangeError if there is not one rank at least
 * @example
 * const ranks = ranksInProcess(2);
 * const sums = await Promise.all(
 *   ranks.map(async (collective) => {
 *     const numbers = Float32Array.of(collective.rank, 1);
 *     await collective.sum(numbers);
 *     return numbers;
 *   }),
 * );
 * sums; // twice [1, 2]
 */
export function ranksInProcess(ranks: number): readonly Collective[] {
  check("ranksInProcess", "ranks", ranks, size);
  const meeting = new Meeting(ranks);
  return Array.from({ length: ranks }, (_, rank): Collective => {
    let calls = 0;
    const meet = <T, R>(own: T, join: (all: readonly T[]) => R) => meeting.meet(calls++, rank, own, join);
    return {
      rank,
      size: ranks,
      async sum(numbers) {
        const sums = await meet(numbers, summed);
        numbers.set(sums);
      },
      // Copies: what a rank gave may change once it goes on.
      gather: (bytes) => meet(bytes, (all) => all.map((some) => some.slice())),
    };
  });
}

/** A call that not all ranks have made yet. */
interface Call {
  readonly contributions: unknown[];
  arrived: number;
  readonly joined: Promise<unknown>;
  settle(how: "resolve" | "reject", value: unknown): void;
}

/** Where calls of all ranks meet: those with the same number belong together. */
class Meeting {
  private readonly calls = new Map<number, Call>();

  constructor(private readonly ranks: number) {}

  meet<T, R>(number: number, rank: number, own: T, join: (all: readonly T[]) => R): Promise<R> {
    const call = this.calls.get(number) ?? opened(this.ranks);
    this.calls.set(number, call);
    call.contributions[rank] = own;
    call.arrived += 1;
    if (call.arrived === this.ranks) {
      this.calls.delete(number);
      try {
        call.settle("resolve", join(call.contributions as T[]));
      } catch (error) {
        call.settle("reject", error);
      }
    }
    return call.joined as Promise<R>;
  }
}

function opened(ranks: number): Call {
  let settle: Call["settle"] = () => {};
  const joined = new Promise<unknown>((resolve, reject) => {
    settle = (how, value) => (how === "resolve" ? resolve(value) : reject(value));
  });
  return { contributions: new Array<unknown>(ranks), arrived: 0, joined, settle };
}

/** Sums in the order of the ranks, formed in float64 and rounded once. */
function summed(all: readonly (Float32Array | Float64Array)[]): Float64Array {
  const sums = new Float64Array(all[0]!.length);
  for (const [rank, numbers] of all.entries()) {
    if (numbers.length !== sums.length)
      throw new Error(
        `sum: rank ${rank} gives ${numbers.length} numbers, rank 0 ${sums.length}; every rank gives as many`,
      );
    for (let i = 0; i < sums.length; i++) sums[i]! += numbers[i]!;
  }
  return sums;
}

/**
 * The part of some things, such as the sequences of a batch, that falls to a rank: as equal as can be, and in order.
 *
 *     from = floor(rank things / ranks),   to = floor((rank + 1) things / ranks)
 */
export function shareOf(things: number, { rank, size: ranks }: Rank): { from: number; to: number } {
  return { from: Math.floor((rank * things) / ranks), to: Math.floor(((rank + 1) * things) / ranks) };
}
