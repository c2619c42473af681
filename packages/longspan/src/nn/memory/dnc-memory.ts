import type { StartOf } from "../../cell/index.js";
import { checkSettings, finite, flag, optional, size } from "../../check/index.js";
import { add, mul, reshape, sigmoid, softmax, softplus, split, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { cosineScores, interpolate, rowMembers, sharpen, weightsOfScores } from "../addressing/index.js";
import { allocationWeights } from "./allocation.js";
import { cut, cutByName } from "./cut.js";
import { followLinks, nextLinks, nextPrecedence } from "./links.js";
import type { Memory } from "./memory.js";
import { eraseAndAdd, readRows } from "./read-and-write.js";
import { nextUsage, retainedUsage } from "./usage.js";

/** Settings of `dncMemory`. */
export interface DncMemoryConfig {
  /** Rows of the memory, N. */
  readonly rows: number;
  /** Features of a row, W. */
  readonly width: number;
  /** Heads that read, R; 1 by default. One head writes. */
  readonly readHeads?: number;
  /** What every cell of the memory holds at first; 1e-6 by default. */
  readonly start?: number;
  /** Keys come with masks, which say what features of the rows count. They do not by default. */
  readonly maskedKeys?: boolean;
  /** A row that is freed is erased as well. By default it keeps what it holds until it is written to, and is still found by content. */
  readonly deallocation?: boolean;
  /** Where links lead is made sharp, as sharp as the controller asks. By default it blurs with every step. */
  readonly sharpenedLinks?: boolean;
}

/**
 * State of a differentiable neural computer's memory: M [rows, width], the weights of its heads [readHeads, rows] and [1, rows], how much
 * rows are in use [rows], how far each was written to last [rows], and after which [rows, rows].
 */
export interface DncMemoryState {
  readonly memory: Shape;
  readonly readWeights: Shape;
  readonly writeWeights: Shape;
  readonly usage: Shape;
  readonly precedence: Shape;
  readonly links: Shape;
  readonly [slot: string]: Shape;
}

/**
 * The memory of a differentiable neural computer. It knows which rows are free, and in which order rows were written to: one head writes
 * where it finds content, or room; heads read what they find by content, or what was written after or before what they read last.
 *
 *     psi = product over r of (1 - f_r w_r(t-1)),  u = (u(t-1) + w(t-1) - u(t-1) w(t-1)) psi    which rows are in use: `nextUsage`
 *     a   = the free rows, from the least used on                                               `allocationWeights`
 *     c   = softmax over rows i of beta cos(k, M(t-1, i))                                       by content
 *     w   = g_w (g_a a + (1 - g_a) c)                                                           where it writes
 *     M   = M(t-1) (1 - w e) + w v                                                              `eraseAndAdd`
 *     L   = links in the order of writing                                                       `nextLinks`
 *     w_r = pi_1 L^T w_r(t-1) + pi_2 c_r + pi_3 L w_r(t-1),   c_r by content of M               where head r reads
 *     r_r = sum over i of w_r(i) M(i)
 *
 * Reads come after the write. Gates f, g_a, g_w and e are sigmoids of what is emitted, pi is a softmax, beta = 1 + softplus(.), as published;
 * keys and what is added are tanh(.) here, as in `turingMemory`, where the paper has no bound. Also for stability, the memory starts from a
 * small constant, and a row of zeros has the cosine 0. The weights start from zeros.
 *
 * The corrections of Csordás and Schmidhuber (2019) are settings. `maskedKeys`: with a mask m = sigmoid(.) for each key, content is
 * cos(m k, m M(i)). `deallocation`: M(t-1) psi in place of M(t-1) where it is written to. `sharpenedLinks`: L w_r and L^T w_r go through
 * `sharpen`, with exponents 1 + softplus(.).
 *
 * It is told, one after the other: keys [readHeads, width] and strengths [readHeads] of the heads that read; key [width] and strength [1] of
 * the one that writes, e [width], v [width]; f [readHeads], g_a [1], g_w [1], pi [readHeads, 3]; with masks, [readHeads + 1, width], those of the
 * heads that read first; with sharpened links, exponents backward [readHeads] and forward [readHeads]. It answers the reads, one after the
 * other: [readHeads width].
 *
 * @see Graves et al. (2016), "Hybrid computing using a neural network with dynamic external memory", Methods; Csordás, Schmidhuber (2019),
 * "Improving differentiable neural computers through memory masking, de-allocation, and link distribution sharpness control"
 * @example
 * const memory = dncMemory({ rows: 16, width: 8, readHeads: 2 });
 * memory.emits // 55: width readHeads + 3 width + 5 readHeads + 3
 * Object.keys(memory.state) // [ "memory", "readWeights", "writeWeights", "usage", "precedence", "links" ]
 */
export function dncMemory(config: DncMemoryConfig): Memory<Readonly<Record<never, never>>, DncMemoryState> {
  const {
    rows: N,
    width: W,
    readHeads: R = 1,
    start = 1e-6,
    maskedKeys = false,
    deallocation = false,
    sharpenedLinks = false,
  } = checkSettings("dncMemory", config, dncKinds);
  const parts: Readonly<Record<Told, number>> & { readonly masks?: number; readonly exponents?: number } = {
    keys: R * W,
    strengths: R,
    key: W,
    strength: 1,
    erase: W,
    added: W,
    free: R,
    allocate: 1,
    write: 1,
    modes: 3 * R,
    ...(maskedKeys ? { masks: (R + 1) * W } : {}),
    ...(sharpenedLinks ? { exponents: 2 * R } : {}),
  };
  return {
    name: "dncMemory",
    emits: Object.values(parts).reduce((a, n) => a + n, 0),
    reads: R * W,
    state: {
      memory: [N, W],
      readWeights: [R, N],
      writeWeights: [1, N],
      usage: [N],
      precedence: [N],
      links: [N, N],
    },
    specs: {},
    start: (): StartOf<DncMemoryState> => ({ memory: start }),
    step({ emitted, state }) {
      const said = cutByName<Told | "masks" | "exponents">(emitted, parts as never);
      const masks = maskedKeys ? cut(reshape(sigmoid(said.masks), [R + 1, W]), [R, 1], 0) : [];

      const retained = retainedUsage(sigmoid(said.free), state.readWeights);
      const usage = nextUsage(state.usage, state.writeWeights, retained);
      const found = byContent(reshape(said.key, [1, W]), said.strength, state.memory, masks[1]);
      const chosen = interpolate(allocationWeights(usage), found, sigmoid(said.allocate));
      const writing = mul(sigmoid(said.write), chosen);
      const before = deallocation ? mul(state.memory, reshape(retained, [N, 1])) : state.memory;
      const [erase, added] = [reshape(sigmoid(said.erase), [1, W]), reshape(tanh(said.added), [1, W])];
      const memory = eraseAndAdd(before, writing, erase, added);

      const line = reshape(writing, [N]);
      const links = nextLinks(state.links, state.precedence, line);
      const led = followLinks(state.readWeights, links);
      const exponents = sharpenedLinks ? cut(add(1, softplus(said.exponents)), [R, R]) : [];
      const sharp = (w: Value, gamma: Value | undefined) =>
        gamma === undefined ? w : sharpen(w, reshape(gamma, [R, 1]), rowMembers);
      const ways = [
        sharp(led.backward, exponents[0]),
        byContent(reshape(said.keys, [R, W]), said.strengths, memory, masks[0]),
        sharp(led.forward, exponents[1]),
      ];
      const modes = split(softmax(reshape(said.modes, [R, 3])), 3);
      const reading = ways.map((way, i) => mul(modes[i]!, way)).reduce((a, b) => add(a, b));
      return {
        read: reshape(readRows(reading, memory), [R * W]),
        state: {
          memory,
          readWeights: reading,
          writeWeights: writing,
          usage,
          precedence: nextPrecedence(state.precedence, line),
          links,
        },
      };
    },
  };
}

/** What the controller says at each step, in its order. */
type Told =
  | "keys"
  | "strengths"
  | "key"
  | "strength"
  | "erase"
  | "added"
  | "free"
  | "allocate"
  | "write"
  | "modes";

/** Weights [H, N] by the content of the rows: of keys [H, W] and strengths [H], and the features that masks [H, W] let count. */
function byContent(keys: Value, strengths: Value, memory: Value, masks: Value | undefined): Value {
  const [heads, width] = keys.shape as readonly [number, number];
  const query = reshape(tanh(keys), [heads, 1, width]);
  const strength = add(1, softplus(reshape(strengths, [heads, 1])));
  const masked = (x: Value) => (masks === undefined ? x : mul(reshape(masks, [heads, 1, width]), x));
  return weightsOfScores(cosineScores(masked(query), masked(memory), strength), rowMembers);
}

/** The kinds of the settings. */
export const dncKinds = {
  rows: size,
  width: size,
  readHeads: optional(size),
  start: optional(finite),
  maskedKeys: optional(flag),
  deallocation: optional(flag),
  sharpenedLinks: optional(flag),
};
