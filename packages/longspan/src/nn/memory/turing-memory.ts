import type { StartOf } from "../../cell/index.js";
import { check, checkSettings, count, finite, kind, optional, size } from "../../check/index.js";
import { add, concat, reshape, sigmoid, tanh } from "../../ops/index.js";
import { newArray } from "../../program/index.js";
import { type DType, fromArray, type Shape, type Value } from "../../tensor/index.js";
import {
  type AddressPart,
  addressAsBefore,
  addressByContent,
  addressPartKind,
  gatedAddress,
  sharpenedAddress,
  shiftedAddress,
} from "./address-parts.js";
import { cut } from "./cut.js";
import type { Memory } from "./memory.js";
import { eraseAndAdd, readRows } from "./read-and-write.js";

/** Settings of `turingMemory`. */
export interface TuringMemoryConfig {
  /** Rows of the memory, N. */
  readonly rows: number;
  /** Features of a row, W. */
  readonly width: number;
  /** Heads that read; 1 by default. */
  readonly readHeads?: number;
  /** Heads that write; 1 by default. */
  readonly writeHeads?: number;
  /** How far a head can move in a step, either way: 0 for not at all; 1 by default. */
  readonly farthest?: number;
  /**
   * How heads come to their weights, part by part. By default by content, the past, place and sharpness: `[addressByContent(),
   * gatedAddress(addressAsBefore()), shiftedAddress(farthest), sharpenedAddress()]`.
   */
  readonly address?: readonly AddressPart[];
  /** What every cell of the memory holds at first; 1e-6 by default. */
  readonly start?: number;
}

/** State of a Turing machine's memory: M [rows, width], and the weights of its heads, [readHeads, rows] and [writeHeads, rows]. */
export interface TuringMemoryState {
  readonly memory: Shape;
  readonly readWeights: Shape;
  readonly writeWeights: Shape;
  readonly [slot: string]: Shape;
}

/**
 * The memory of a neural Turing machine: rows that heads find by content, by place relative to where they were, or both, read as weighted
 * sums, and write by erasing and adding. Per head, with what the controller emits for it:
 *
 *     k = tanh(.),  beta = 1 + softplus(.),  g = sigmoid(.),  s = softmax(.),  gamma = 1 + softplus(.)
 *     w_c = softmax over rows i of beta cos(k, M(i))           by content            (equations 5 and 6)
 *     w_g = g w_c + (1 - g) w(t-1)                             or by the past        (7)
 *     w~  = w_g moved by s, in a ring                          then by place         (8)
 *     w   = w~^gamma / sum of w~^gamma                         made sharp            (9)
 *
 *     r = sum over i of w(i) M(i)                              for a head that reads (2)
 *     M' = M (1 - w e) + w a,  e = sigmoid(.), a = tanh(.)     for one that writes   (3, 4)
 *
 * All heads look at the memory as it was before the step: what is written is read a step later.
 *
 * It is stable as it is here, and known not to be otherwise: the memory starts from a small constant, all heads on the first row; key
 * strengths are at least 1; keys and what is added are bounded; a row of zeros has the cosine 0, without a division by 0.
 *
 * With `address`, heads come to their weights in another way: by content alone, by place alone, by one row drawn at random, or by parts of
 * one's own. The reads and writes are the same.
 *
 * It is told k [width], beta [1], g [1], s [2 farthest + 1] and gamma [1] for each head, or what the parts of `address` ask for, those that read
 * first; then e [width] and a [width]
 * for each that writes. It answers the reads, one after the other: [readHeads width].
 *
 * @see Graves, Wayne, Danihelka (2014), "Neural Turing machines"; Collier, Beel (2018), "Implementing neural Turing machines", on the start
 * @example
 * const memory = turingMemory({ rows: 128, width: 20 });
 * memory.emits // 92: 26 for the head that reads, 66 for the one that writes
 * memory.state // { memory: [ 128, 20 ], readWeights: [ 1, 128 ], writeWeights: [ 1, 128 ] }
 */
export function turingMemory(
  config: TuringMemoryConfig,
): Memory<Readonly<Record<never, never>>, TuringMemoryState> {
  const {
    rows,
    width,
    readHeads = 1,
    writeHeads = 1,
    start = 1e-6,
  } = checkSettings("turingMemory", config, turingKinds);
  const parts = addressOf(config);
  const pieces = parts.map((part) => part.emits({ rows, width }));
  const perHead = pieces.flat();
  const addressed = perHead.reduce((a, n) => a + n, 0);
  const heads = readHeads + writeHeads;
  return {
    name: "turingMemory",
    emits: heads * addressed + writeHeads * 2 * width,
    reads: readHeads * width,
    state: { memory: [rows, width], readWeights: [readHeads, rows], writeWeights: [writeHeads, rows] },
    specs: {},
    start: (_, dtype): StartOf<TuringMemoryState> => ({
      memory: start,
      readWeights: onFirstRow(readHeads, rows, dtype),
      writeWeights: onFirstRow(writeHeads, rows, dtype),
    }),
    step({ emitted, state: { memory, readWeights, writeWeights }, context }) {
      const [addresses, contents] = cut(emitted, [heads * addressed, writeHeads * 2 * width]);
      const [erase, added] = cut(reshape(contents, [writeHeads, 2 * width]), [width, width]);
      const said = cut(reshape(addresses, [heads, addressed]), perHead);
      const previous = concat([readWeights, writeWeights], 0);
      let weights: Value | null = null;
      const logs: Value[] = [];
      for (const [i, part] of parts.entries()) {
        const emitted = said.splice(0, pieces[i]!.length);
        const answer = part.address({ emitted, weights, memory, previous, context });
        weights = answer.weights;
        if (answer.logProbability) logs.push(answer.logProbability);
      }
      const [reading, writing] = cut(weights!, [readHeads, writeHeads], 0);
      return {
        read: reshape(readRows(reading, memory), [readHeads * width]),
        state: {
          memory: eraseAndAdd(memory, writing, sigmoid(erase), tanh(added)),
          readWeights: reading,
          writeWeights: writing,
        },
        ...(logs.length > 0 ? { logProbability: logs.reduce((a, b) => add(a, b)) } : {}),
      };
    },
  };
}

/** The parts of the addressing. @throws RangeError for lists that make no weights, or make them twice */
function addressOf({ address, farthest }: TuringMemoryConfig): readonly AddressPart[] {
  if (address === undefined)
    return [
      addressByContent(),
      gatedAddress(addressAsBefore()),
      shiftedAddress(farthest ?? 1),
      sharpenedAddress(),
    ];
  if (farthest !== undefined)
    throw new RangeError(
      `turingMemory: farthest is ${farthest}, and address says itself how heads move; give shiftedAddress(${farthest}) in address alone`,
    );
  address.forEach((part, i) => {
    check("turingMemory", `address[${i}]`, part, addressPartKind);
    if (i === 0 && part.from === "weights")
      throw new RangeError(
        `turingMemory: address begins with ${part.name}, which works on the weights of the part before it; begin with addressByContent(), addressByPlace() or addressAsBefore()`,
      );
    if (i > 0 && part.from === "memory")
      throw new RangeError(
        `turingMemory: address has ${part.name} after ${address[i - 1]!.name}, whose weights it would not look at; use gatedAddress(${part.name}())`,
      );
  });
  return address;
}

/** All heads on the first row: [heads, rows]. */
function onFirstRow(heads: number, rows: number, dtype: DType): Value {
  const weights = newArray(dtype, heads * rows);
  for (let h = 0; h < heads; h++) weights[h * rows] = 1;
  return fromArray(weights, [heads, rows], dtype);
}

const listOfParts = kind(
  "a list of parts of an addressing, such as [addressByContent(), sharpenedAddress()]",
  (x) => Array.isArray(x) && x.length > 0,
);

/** The kinds of the settings. */
export const turingKinds = {
  rows: size,
  width: size,
  readHeads: optional(size),
  writeHeads: optional(size),
  farthest: optional(count),
  address: optional(listOfParts),
  start: optional(finite),
};
