import { check, checkSettings, func, kind, oneOf, optional } from "../check/index.js";
import { type Arena, isRecordable, type RecordableExecutor } from "../recording/index.js";
import { defaultExecutor, hostAccess, scope } from "../tensor/index.js";
import { type CallSignature, nameOfObject, signatureOf } from "./call-signature.js";
import { CaptureError } from "./capture-error.js";
import {
  type Described,
  describe,
  difference,
  type RecordedCall,
  recordCall,
  sameReadings,
} from "./recorded-call.js";
import { Replay } from "./replay.js";
import { areStable, type StableArguments, stableArguments, stillStable } from "./stable-arguments.js";

export { CaptureError } from "./capture-error.js";

/** How a function is captured. */
export interface CaptureOptions {
  /** What to do if the function cannot be captured: throw an error, which is the default, or call the function each time. */
  readonly otherwise?: "throw" | "call";
  /** The most memory, in bytes, that a recording may hold; 512 MiB by default. A function that needs more is called each time. */
  readonly mostBytes?: number;
}

/** A captured function. */
export interface Captured<A extends readonly unknown[], R> {
  (...args: A): R;
  /** Releases the memory of the recordings. The function can still be called; it is then captured anew. */
  dispose(): void;
}

/**
 * Captures a function: records the programs that it runs, and later runs these programs instead of calling the function. Such a
 * repetition is one call into the executor. It traces nothing, differentiates nothing and checks no shapes. Its results are the same,
 * bit for bit. A function that runs many small programs, such as the training step of a small model, becomes several times faster.
 *
 * The function takes and returns trees of tensors. Its arguments may also hold typed arrays, keys and anything else. The signature of a
 * call is everything about its arguments except the elements of tensors and typed arrays and the words of keys. A call with another
 * number, string, structure or shape has another signature. Each signature is captured on its own: the first three calls with it call
 * the function, and two of these are recorded and compared. From the fourth call on, the recorded programs are run on the numbers of
 * the new arguments.
 *
 * The function must follow these rules:
 * - What it does depends on its arguments only. If it reads a variable from outside, later changes of the variable have no effect.
 * - It turns the numbers of its typed arrays and keys into tensors and uses them in no other way: it calls `fromArray` with a whole array,
 *   and folds or splits keys. A copy or a part of an array counts as a constant; if the array changes, that is noticed.
 * - An object that is neither a list nor a plain record must not change: the same object counts as the same argument.
 * - To decide what to do, it reads at most 64 tensors, and at most 64 elements of each. If these differ in a repetition, the repetition is
 *   dropped and the function is called.
 *
 * Other effects, such as printing, happen only when the function is called. As in `scope`, tensors that it makes and does not return are
 * released. `keep` and `dispose` inside it act only when it is called. If it returns one of its arguments, a repetition returns a
 * view of that argument.
 *
 * The function is always called, and nothing is captured, on an executor whose memory cannot be read at once, while something is
 * differentiated, and within another captured function.
 *
 * @throws CaptureError if two calls with one signature did different things, or if the function reads more, writes into a tensor, or gives keys or typed arrays
 * @example
 * const loss = (w: Value, x: Value) => sum(square(matmul(x, w)));
 * const step = capture((w: Tensor, x: Tensor) => sub(w, mul(grad(loss)(w, x), 0.1)));
 * let w = tensor([[1], [2]]);
 * for (let i = 0; i < 10; i++) w = step(w, tensor([[i, 1]])) as Tensor;
 */
export function capture<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: CaptureOptions,
): Captured<A, R> {
  check("capture", "f", f, func);
  const { otherwise = "throw", mostBytes = 512 * 2 ** 20 } = checkSettings("capture", options, {
    otherwise: optional(oneOf("throw", "call")),
    mostBytes: optional(kind("a number of at least 0", (x) => typeof x === "number" && x >= 0)),
  });
  const captured = new CapturedFunction<A, R>((...args) => scope(() => f(...args)), otherwise, mostBytes);
  return Object.assign((...args: A): R => captured.call(args), { dispose: () => captured.dispose() });
}

/** A recorded call that has not been compared with a second one yet. */
interface Candidate {
  readonly is: "recorded";
  readonly recorded: RecordedCall;
  readonly described: Described;
  /** What was the same in the arguments of all calls that did this. */
  readonly stable: StableArguments;
  /** How many recordings so far read something else. */
  readonly recordings: number;
}

/** A recorded call that is repeated. */
interface Ready {
  readonly is: "ready";
  readonly replay: Replay;
  readonly described: Described;
  stable: StableArguments;
  /** How many calls in a row read other elements than the recording. */
  misses: number;
}

/** The state of one signature: called once, recorded once, repeated, or always called. */
type Known = { readonly is: "seen" } | Candidate | Ready | { readonly is: "called" };

/** After so many recordings in a row that each read something else, the function is always called. */
const mostRecordings = 8;

/** How many signatures are remembered. The one that was not used for the longest time is dropped first. */
const mostSignatures = 256;

/** After so many calls in a row that read other elements than the recording, the function is captured anew. */
const mostMisses = 8;

/** One call. */
interface Call<A> {
  readonly args: A;
  readonly executor: RecordableExecutor;
  readonly signature: CallSignature;
  /** The signature as text, with the executor. */
  readonly name: string;
}

class CapturedFunction<A extends readonly unknown[], R> {
  private readonly known = new Map<string, Known>();
  private readonly arenas = new Map<RecordableExecutor, Arena>();

  constructor(
    private readonly f: (...args: A) => R,
    private readonly otherwise: "throw" | "call",
    private readonly mostBytes: number,
  ) {}

  call(args: A): R {
    const call = this.describeCall(args);
    if (call === null) return this.f(...args);
    const known = this.lookUp(call.name);
    if (known === undefined) {
      // The first call makes what the function makes once and keeps: programs and constants.
      const result = this.f(...args);
      this.remember(call.name, { is: "seen" });
      return result;
    }
    if (known.is === "called") return this.f(...args);
    if (known.is !== "ready") return this.record(call, known);
    return areStable(known.stable, call.signature) ? this.repeat(call, known) : this.recordAgain(call, known);
  }

  /** Releases all that is held. */
  dispose(): void {
    for (const known of this.known.values()) drop(known);
    for (const arena of this.arenas.values()) arena.release();
    this.known.clear();
    this.arenas.clear();
  }

  /** Null if the function has to be called. */
  private describeCall(args: A): Call<A> | null {
    const executor = defaultExecutor();
    if (!isRecordable(executor) || executor.isRecording || hostAccess() !== null) return null;
    const signature = signatureOf(args);
    if (signature?.tensors.every((t) => t.executor === executor) !== true) return null;
    return { args, executor, signature, name: `${nameOfObject(executor)}${signature.name}` };
  }

  private lookUp(name: string): Known | undefined {
    const known = this.known.get(name);
    if (known?.is !== "ready" || (known.misses < mostMisses && known.replay.isValid)) return known;
    drop(known);
    return { is: "seen" };
  }

  private remember(name: string, known: Known): void {
    this.known.delete(name);
    this.known.set(name, known);
    for (const [oldest, old] of this.known) {
      if (this.known.size <= mostSignatures) break;
      drop(old);
      this.known.delete(oldest);
    }
  }

  private repeat({ args, signature, name }: Call<A>, known: Ready): R {
    const done = known.replay.run(signature);
    if (done) {
      known.misses = 0;
      this.remember(name, known);
      return done.result as R;
    }
    known.misses += 1;
    return this.f(...args);
  }

  /** Records a call and compares it with the one before. If both did the same, the recording can be repeated. */
  private record(call: Call<A>, known: Candidate | { readonly is: "seen" }): R {
    const { executor, signature, name } = call;
    const recorded = this.recorded(call, known);
    if (recorded === null) return this.f(...call.args);
    const described = describe(recorded, signature);
    const result = recorded.result as R;
    const before = known.is === "recorded" ? known : null;
    before?.recorded.drop();
    const alike = before !== null && sameReadings(before.described, described);
    const stable = alike ? stillStable(before.stable, signature) : stableArguments(signature);
    const recordings = (before?.recordings ?? 0) + 1;
    if (before === null || (!alike && recordings <= mostRecordings)) {
      this.keepCandidate(name, { is: "recorded", recorded, described, stable, recordings });
      return result;
    }
    const why = alike
      ? difference(before.described, described)
      : "it read a tensor whose elements were never the same";
    if (why === null) {
      const replay = new Replay(executor, recorded, signature);
      this.remember(name, { is: "ready", replay, described, stable, misses: 0 });
      return result;
    }
    recorded.drop();
    this.remember(name, { is: "called" });
    if (this.otherwise === "throw")
      throw new CaptureError(
        `capture: two calls with arguments of one form did not do the same: ${why}. What the function does must follow from its arguments: give it as an argument, or call the function itself`,
      );
    return result;
  }

  /** Records a call with other memories, arrays or keys than all calls before. If it did something else, the function is captured anew. */
  private recordAgain(call: Call<A>, known: Ready): R {
    const { signature, name } = call;
    const recorded = this.recorded(call, known);
    if (recorded === null) return this.f(...call.args);
    const described = describe(recorded, signature);
    const alike = sameReadings(known.described, described);
    if (!alike || difference(known.described, described) === null) {
      recorded.drop();
      if (alike) known.stable = stillStable(known.stable, signature);
      known.misses = alike ? 0 : known.misses + 1;
      this.remember(name, known);
    } else {
      drop(known);
      const stable = stableArguments(signature);
      this.keepCandidate(name, { is: "recorded", recorded, described, stable, recordings: 1 });
    }
    return recorded.result as R;
  }

  private keepCandidate(name: string, candidate: Candidate): void {
    this.remember(name, candidate);
    if (this.bytes() <= this.mostBytes) return;
    this.dispose();
    this.remember(name, { is: "called" });
  }

  /** Calls the function and records what it does. Null if that cannot be repeated: from now on the function is always called. */
  private recorded({ executor, signature, name, args }: Call<A>, known: Known): RecordedCall | null {
    try {
      return recordCall(executor, this.arenaOf(executor), () => this.f(...args), signature);
    } catch (error) {
      if (!(error instanceof CaptureError) || this.otherwise === "throw") throw error;
      drop(known);
      this.remember(name, { is: "called" });
      return null;
    }
  }

  private arenaOf(executor: RecordableExecutor): Arena {
    const arena = this.arenas.get(executor) ?? executor.arena();
    this.arenas.set(executor, arena);
    return arena;
  }

  private bytes(): number {
    let sum = 0;
    for (const arena of this.arenas.values()) sum += arena.bytes;
    for (const known of this.known.values()) sum += bytesOf(known);
    return sum;
  }
}

function drop(known: Known): void {
  if (known.is === "recorded") known.recorded.drop();
  if (known.is === "ready") known.replay.drop();
}

function bytesOf(known: Known): number {
  if (known.is === "recorded") return known.recorded.recording.bytes;
  return known.is === "ready" ? known.replay.bytes : 0;
}
