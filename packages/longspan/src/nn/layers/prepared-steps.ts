import type { InputSpec, InputSpecs } from "../../cell/index.js";
import { mul } from "../../ops/index.js";
import {
  type Binding,
  type BoundExecutions,
  type Handle,
  type MemoryRange,
  newArray,
} from "../../program/index.js";
import type { RecordableExecutor } from "../../recording/index.js";
import {
  type DType,
  keep,
  leaves,
  mapTree,
  type Shape,
  scope,
  type Tensor,
  type TypedArray,
  type Value,
  zeros,
} from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";
import { type RowNumbers, StepInput } from "./step-input.js";

/** What a step gives, in numbers: an array for each value. */
export type NumbersOf<O> = O extends Value ? TypedArray : { readonly [K in keyof O]: NumbersOf<O[K]> };

/** What is to be prepared. */
export interface StepsConfig<S, O> {
  /** What messages call the stream. */
  readonly name: string;
  readonly input: InputSpec;
  readonly further: InputSpecs;
  /** The type of floats that are not named. */
  readonly dtype: DType;
  /** One step of every row. */
  readonly structure: Structure;
  /** The state to begin with, each part in memory of its own: of the form of `final`. */
  readonly begun: (final: S) => S;
  readonly apply: (
    x: Value,
    further: Readonly<Record<string, Value>>,
    state: S | null,
  ) => { readonly output: O; readonly final: S };
}

/**
 * The steps of a stream, for so many rows: what they ask of the executor is noted once and done again. The state lies in one of two
 * memories and goes to the other at each step, so it is never copied: the runs are prepared twice, the second time with the two exchanged.
 */
export class PreparedSteps<S, O> {
  /** What the last step gave: the same arrays at each step. */
  readonly output: NumbersOf<O>;
  private readonly x: StepInput;
  private readonly further: ReadonlyMap<string, StepInput>;
  /** What the runs touch and `dispose` releases. */
  private readonly held: Tensor[] = [];
  private readonly states: readonly [S, S];
  private readonly executions: readonly [BoundExecutions, BoundExecutions];
  private readonly recording: { release(): void };
  /** What is read besides what the runs themselves bring: where it lies in either turn, and its array. */
  private readonly others: readonly { readonly from: readonly [MemoryRange, MemoryRange]; to: TypedArray }[];
  private readonly first: TypedArray;
  private readonly read: ReadonlySet<Handle>;
  /** Which of the states is the present one. */
  private turn: 0 | 1 = 0;

  constructor(
    private readonly config: StepsConfig<S, O>,
    private readonly executor: RecordableExecutor,
  ) {
    const rows = config.structure.nodes;
    const inputFor = (name: string | null, spec: InputSpec) => {
      const { shape, dtype } = inputOf(spec, config.dtype);
      return new StepInput(config.name, name, shape, this.hold(zeros([rows, ...shape], dtype)));
    };
    this.x = inputFor(null, config.input);
    this.further = new Map(
      Object.entries(config.further).map(([name, spec]) => [name, inputFor(name, spec)]),
    );
    const x = this.x.values;
    const further = Object.fromEntries([...this.further].map(([name, input]) => [name, input.values]));
    // A first time, unrecorded: programs and constants that are made once are made here.
    const before = this.hold(
      scope(() => {
        const { final } = config.apply(x, further, null);
        return config.begun(final);
      }),
    );
    let result: { output: O; final: S } | null = null;
    this.recording = executor.record(() => {
      result = scope(() => {
        const { output, final } = config.apply(x, further, before);
        const taken = new Set(this.held.map((t) => t.binding().handle));
        return { output, final: mapTree(final, (v) => inOwnMemory(v as Tensor, taken)) };
      });
    });
    const { executions } = this.recording as ReturnType<RecordableExecutor["record"]>;
    const after = this.hold(result!.final);
    const output = this.hold(result!.output);
    const exchanged = exchange(leaves(before) as Tensor[], leaves(after) as Tensor[]);
    const swapped = executions.map((execution) => ({
      ...execution,
      bindings: execution.bindings.map((b) => b && exchanged(b)),
    }));
    const inEitherTurn = (t: Tensor): readonly [MemoryRange, MemoryRange] => {
      const range = memoryOf(t);
      return [range, { ...exchanged(range), length: range.length }];
    };
    this.states = [before, after];
    const read = (leaves(output) as Tensor[]).map((t) => ({
      from: inEitherTurn(t),
      to: newArray(t.dtype, t.size),
    }));
    let at = 0;
    this.output = mapTree(output, () => read[at++]!.to as never) as unknown as NumbersOf<O>;
    // The runs bring one output themselves; there is one, unless a step gives nothing or nothing of any size.
    const [
      brought = { from: [memoryOf(x), memoryOf(x)] as const, to: newArray(x.dtype, x.size) },
      ...others
    ] = read.filter(({ to }) => to.length > 0);
    this.others = others;
    this.first = brought.to;
    this.read = new Set(executions.flatMap((run) => run.bindings.flatMap((b) => b?.handle ?? [])));
    const from = memoryOf(x);
    this.executions = [
      executor.bind(executions, [], { input: from, output: brought.from[0] }),
      executor.bind(swapped, [], { input: from, output: brought.from[1] }),
    ];
  }

  /** The numbers of a step, all checked before anything is changed. */
  check(
    x: RowNumbers,
    inputs: Readonly<Record<string, RowNumbers>> | undefined,
  ): readonly ArrayLike<number>[] {
    if (inputs === undefined && this.further.size === 0) return [this.x.check(x)];
    for (const name of Object.keys(inputs ?? {}))
      if (!this.further.has(name))
        throw new TypeError(
          `${this.config.name}: a step does not read ${name}; it reads ${["x", ...this.further.keys()].join(", ")}`,
        );
    return [this.x.check(x), ...[...this.further].map(([name, input]) => input.check(inputs?.[name]))];
  }

  /** Goes on by one step with numbers that were checked. */
  run([x, ...further]: readonly ArrayLike<number>[]): void {
    let i = 0;
    for (const { values } of this.further.values()) values.write(further[i++]!);
    this.executions[this.turn].run(noHandles, x, this.first);
    for (const { from, to } of this.others) {
      const { handle, offset, length } = from[this.turn];
      to.set(this.executor.read(handle, offset, length));
    }
    this.turn = this.turn === 0 ? 1 : 0;
  }

  /** Whether steps touch the memory of a tensor. */
  touches(t: Tensor): boolean {
    return this.read.has(t.binding().handle);
  }

  /** The state after the last step, in the memory from which the next one goes on. */
  get state(): S {
    return this.states[this.turn];
  }

  /** Releases its memory. */
  dispose(): void {
    for (const executions of this.executions) executions.release();
    for (const t of this.held) t.dispose();
    this.recording.release();
  }

  private hold<T>(tree: T): T {
    this.held.push(...(leaves(keep(tree)) as Tensor[]));
    return tree;
  }
}

/** Shape and type of a row of an input. */
export function inputOf(spec: InputSpec, dtype: DType): { readonly shape: Shape; readonly dtype: DType } {
  return "shape" in spec ? spec : { shape: spec, dtype };
}

/** A tensor that has its memory to itself: this one, if nothing that is taken shares it, else a copy. */
function inOwnMemory(t: Tensor, taken: Set<Handle>): Tensor {
  const { handle } = t.binding();
  const own = handle.length === t.size && !taken.has(handle) ? t : (mul(t, 1) as Tensor);
  taken.add(own.binding().handle);
  return own;
}

/** Puts what lies in one list of tensors into the other, and the other way round. */
function exchange(one: readonly Tensor[], other: readonly Tensor[]): (binding: Binding) => Binding {
  const partner = new Map<Handle, Handle>();
  one.forEach((t, i) => {
    const [a, b] = [t.binding().handle, other[i]!.binding().handle];
    partner.set(a, b).set(b, a);
  });
  return ({ handle, offset }) => ({ handle: partner.get(handle) ?? handle, offset });
}

function memoryOf(t: Tensor): MemoryRange {
  return { ...t.binding(), length: t.size };
}

const noHandles: readonly Handle[] = [];
