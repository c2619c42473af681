import { chain as chainOf, type DType, type Structure, type Value } from "longspan";
import { type Equation, Trace, type Var, withAmbient } from "longspan/engine";
import { recordedSizes } from "./dims.js";

/** Sequences that a model reads, by the names of their sizes. */
export interface ChainInput {
  readonly time: string;
  readonly batch: string;
  /** The input that says how long each is, int32 [batch]; null where all have the same length. */
  readonly lengths: string | null;
}

/** What a model reads: rows of sequences, [time, batch, ...row], a value per sequence, [batch, ...row], or a parameter. */
export interface ModelInput {
  readonly name: string;
  readonly over: ChainInput | "batch" | "one";
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Which batch, where it is one value per sequence. */
  readonly batch?: string;
}

/** What a model gives. */
export interface ModelOutput {
  readonly name: string;
  readonly over: ChainInput | "batch";
  readonly value: Value;
}

/** One recorded run. */
export interface Run {
  readonly equations: readonly Equation[];
  readonly inputs: readonly { readonly input: ModelInput; readonly value: Value }[];
  /** Inputs that entered as numbers, known again by them. */
  readonly numbers: readonly { readonly input: ModelInput; readonly content: Int32Array }[];
  readonly chains: readonly {
    readonly chain: ChainInput;
    readonly structure: Structure;
    readonly T: number;
    readonly B: number;
  }[];
  readonly outputs: readonly ModelOutput[];
  /** The named sizes. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** What a model is recorded with: it makes the structures and stand-ins of one run. */
export class Recorder {
  readonly inputs: { readonly input: ModelInput; readonly value: Value }[] = [];
  readonly numbers: { readonly input: ModelInput; readonly content: Int32Array }[] = [];
  readonly chains: { chain: ChainInput; structure: Structure; T: number; B: number }[] = [];
  readonly sizes = new Map<string, number>();

  constructor(
    private readonly trace: Trace,
    private readonly run: 0 | 1,
  ) {}

  /** A structure of sequences, all of the same length. */
  chain(chain: ChainInput): Structure {
    const [times, batches] = [
      [recordedSizes.time, recordedSizes.otherTime],
      [recordedSizes.batch, recordedSizes.otherBatch],
    ];
    const T = this.size(chain.time, times);
    const B = this.size(chain.batch, batches);
    const structure = chainOf(Array.from({ length: B }, () => T));
    this.chains.push({ chain, structure, T, B });
    return structure;
  }

  /** A stand-in for an input. */
  input(input: ModelInput): Var {
    const value = this.trace.variable({ shape: [...this.rows(input), ...input.shape], dtype: input.dtype });
    this.inputs.push({ input, value });
    return value;
  }

  /** Numbers that stand for an input, int32, for what takes numbers only. */
  asNumbers(input: ModelInput): Int32Array {
    const [rows] = this.rows(input);
    // A line that no other tensor is, from a generator that never gives 0 twice.
    const seed = 7919 * (this.numbers.length + 1);
    const content = Int32Array.from({ length: rows! }, (_, i) => (seed + i * 104_729) % 1_000_003);
    this.numbers.push({ input, content });
    return content;
  }

  private rows({ over, batch = "batch" }: ModelInput): number[] {
    if (over === "one") return [];
    if (over === "batch") return [this.sizes.get(batch)!];
    return [this.sizes.get(over.time)! * this.sizes.get(over.batch)!];
  }

  private size(name: string, among: readonly (readonly [number, number])[]): number {
    const known = this.sizes.get(name);
    if (known !== undefined) return known;
    const taken = new Set(this.sizes.values());
    const size = among.map((pair) => pair[this.run]).find((n) => !taken.has(n))!;
    this.sizes.set(name, size);
    return size;
  }
}

/** Records a model twice, with other sizes each time: what differs follows from the sizes. */
export function record(model: (recorder: Recorder) => readonly ModelOutput[]): readonly [Run, Run] {
  const runs = ([0, 1] as const).map((run): Run => {
    const trace = new Trace(1, () => {}, "a model that is written as ONNX");
    const recorder = new Recorder(trace, run);
    const outputs = withAmbient(trace, () => model(recorder));
    const { inputs, numbers, chains, sizes } = recorder;
    return { equations: trace.equations, inputs, numbers, chains, sizes, outputs };
  });
  return [runs[0]!, runs[1]!];
}
