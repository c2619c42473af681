import {
  check,
  checkSettings,
  having,
  isRecord,
  type KindsOf,
  kind,
  list,
  optional,
  size,
} from "../../check/index.js";
import { newArray } from "../../program/index.js";
import {
  type DType,
  keep,
  leaves,
  onCpu,
  type Shape,
  sizeOf,
  type Tensor,
  type TypedArray,
} from "../../tensor/index.js";
import { treeKind } from "../../tensor/kinds.js";
import type { SequenceLayer } from "../module.js";
import { type Begun, Member, type PooledStream } from "./pooled-stream.js";
import { inputOf } from "./prepared-steps.js";
import { type Chunk, chunks } from "./step-chunks.js";
import { type RowNumbers, StepInput } from "./step-input.js";
import { floatType, insideOf, type Stream } from "./stream.js";

/** Many streams of one model, of which any are stepped together. */
export interface StreamPool<S> {
  /** How many streams are open. */
  readonly size: number;
  /** A further stream, before its first step. It takes the memory of its state. */
  open(): PooledStream<S>;
  /**
   * Goes on by one step in each of some streams, with as few calls into the executor as their number allows. Each gets the numbers that it
   * would get alone. If anything is refused, no stream has moved.
   * @param streams open ones, each once, in any order
   * @param x one row of the input for each of them, row after row
   * @param inputs the same for further inputs of each step, by name, where the model has some
   * @returns the rows of the output, in the order of the streams: in memory that the next step uses again
   * @throws TypeError for a stream that is closed or of another pool, RangeError for one that is there twice; as `Stream.step` for numbers that cannot be
   */
  step(
    streams: readonly PooledStream<S>[],
    x: RowNumbers,
    inputs?: Readonly<Record<string, RowNumbers>>,
  ): TypedArray;
  /** Closes all streams, releases the memory and lets go of the parameters. */
  dispose(): void;
}

/** How a pool steps its streams. */
export interface StreamPoolOptions {
  /** The most streams that are stepped in one call into the executor, which has memory for so many; 256 by default. */
  readonly batch?: number;
}

/**
 * Many streams of one model, such as those of the users of a server. They come and go on their own, and those that have something to read
 * are stepped together: a step of many rows costs far less than as many steps of one row, and each row has the same bits either way.
 *
 * The state of a stream lies in memory of its own. For a step, the rows of the streams that take part are gathered side by side, and the
 * new ones are put back; nothing else is touched. Steps are prepared for 1, 2, 4, 8, ... rows up to `batch`, when first needed.
 *
 * Models whose steps depend on the position, such as a clockwork net, are stepped together where positions are the same.
 *
 * @param model a sequence layer that reads forward, without sets and inputs of sequences
 * @param params are not changed; the pool needs them until it is disposed of
 * @throws TypeError if the executor cannot be read at once
 * @see `openStream` for one stream
 * @example
 * const model = sequenceModel({ layer: recurrent(lstm({ input: 1, hidden: 8 })), features: 8, output: 1 });
 * const pool = streamPool(model, model.init(Key.of(1)));
 * const [a, b] = [pool.open(), pool.open()];
 * pool.step([a, b], [0.5, -0.5]); // Float32Array of 2 numbers, one for each
 * pool.step([b], [0.25]); // a stays where it is
 * a.close();
 * pool.size; // 1
 * pool.dispose();
 */
export function streamPool<P, S>(
  model: Pick<SequenceLayer<P, S>, "stream" | "input" | "further">,
  params: P,
  options?: StreamPoolOptions,
): StreamPool<S> {
  check(
    "streamPool",
    "model",
    model,
    having("a sequence layer, such as recurrent(lstm({ input, hidden })) makes", "stream"),
  );
  check("streamPool", "params", params, treeKind);
  const { batch = 256 } = checkSettings("streamPool", options, kinds);
  return new Pool((sequences) => model.stream(params, { sequences }), model, floatType(params), batch);
}

const byName = kind("a record by name", isRecord);
const kinds: KindsOf<StreamPoolOptions> = { batch: optional(size) };

/** An input of a step: its name, and what a row of it is. */
interface PoolInput {
  readonly name: string | null;
  readonly shape: Shape;
  readonly dtype: DType;
}

class Pool<S> implements StreamPool<S> {
  private readonly inputs: readonly PoolInput[];
  private readonly members = new Set<Member<S>>();
  /** Streams over so many rows, by that number. */
  private readonly prepared = new Map<number, Stream<S>>();
  private readonly begun: Begun<S>;
  private readonly looksAtPosition: boolean;
  private output: TypedArray | null = null;
  /** Numbers of a row of the output. */
  private width = 0;
  /** Memory in which rows are gathered. */
  private readonly spare = new Map<string, TypedArray>();

  constructor(
    private readonly openRows: (rows: number) => Stream<S>,
    model: Pick<SequenceLayer<unknown, unknown>, "input" | "further">,
    floats: DType,
    private readonly batch: number,
  ) {
    const all = [[null, model.input], ...Object.entries(model.further ?? {})] as const;
    this.inputs = all.map(([name, spec]) => ({ name, ...inputOf(spec, floats) }));
    const one = this.over(1);
    this.looksAtPosition = insideOf(one).looksAtPosition;
    this.begun = { tree: keep(one.state), parts: rowsIn(insideOf(one).state) };
  }

  get size(): number {
    return this.members.size;
  }

  open(): PooledStream<S> {
    if (this.prepared.size === 0) throw new Error("streamPool: this pool was disposed of");
    const member = new Member(this.begun, (m) => this.members.delete(m));
    this.members.add(member);
    return member;
  }

  step(
    streams: readonly PooledStream<S>[],
    x: RowNumbers,
    inputs: Readonly<Record<string, RowNumbers>> = {},
  ): TypedArray {
    const members = this.checked(streams);
    const numbers = this.checkedNumbers(members.length, x, inputs);
    const steps = this.groups(members).flatMap((rows) => chunks(rows, this.batch));
    const stepped = steps.map((chunk) => this.stepChunk(members, chunk, numbers));
    // Nothing can be refused from here on.
    for (const [i, { rows }] of steps.entries())
      for (const [p, all] of stepped[i]!.entries()) scatter(all, rows, members, p);
    for (const member of members) member.position += 1;
    return this.output?.subarray(0, this.width * members.length) ?? newArray("float32", 0);
  }

  dispose(): void {
    for (const member of [...this.members]) member.close();
    for (const stream of this.prepared.values()) stream.dispose();
    this.prepared.clear();
    for (const part of leaves(this.begun.tree)) (part as Tensor).dispose();
  }

  /** Steps some rows without changing the streams. Returns the parts of the new states, row after row. */
  private stepChunk(
    members: readonly Member<S>[],
    { rows, width }: Chunk,
    numbers: readonly ArrayLike<number>[],
  ): readonly TypedArray[] {
    const stream = this.over(width);
    // What is left over of a width repeats the first row.
    const filled =
      rows.length === width ? rows : Array.from({ length: width }, (_, i) => rows[i] ?? rows[0]!);
    for (const [p, part] of insideOf(stream).state.entries())
      part.write(this.gather(part, filled, members, p));
    const [x, ...others] = numbers.map((values, i) => rowsOf(values, sizeOf(this.inputs[i]!.shape), filled));
    const further = Object.fromEntries(others.map((values, i) => [this.inputs[i + 1]!.name, values]));
    stream.position = members[rows[0]!]!.position;
    const output = stream.step(x!, others.length > 0 ? further : undefined);
    this.take(output, rows, width, members.length);
    return insideOf(stream).state.map((part) => onCpu(part).toArray());
  }

  /** Puts rows of the output where they belong. */
  private take(output: TypedArray, rows: readonly number[], width: number, all: number): void {
    const each = output.length / width;
    this.width = each;
    if (this.output === null || this.output.length < each * all)
      this.output = new (output.constructor as new (length: number) => TypedArray)(each * all);
    for (let at = 0; at < rows.length; at++)
      this.output.set(output.subarray(at * each, (at + 1) * each), rows[at]! * each);
  }

  /** A part of the states of some streams, row after row, to be read before the next call. */
  private gather(
    { dtype, size }: Tensor,
    rows: readonly number[],
    members: readonly Member<S>[],
    p: number,
  ): TypedArray {
    const key = `${dtype} ${size}`;
    const all = this.spare.get(key) ?? newArray(dtype, size);
    this.spare.set(key, all);
    const width = size / rows.length;
    for (let at = 0; at < rows.length; at++) all.set(members[rows[at]!]!.parts[p]!, at * width);
    return all;
  }

  /** Rows that can be stepped together: all, unless it matters how many steps came before. */
  private groups(members: readonly Member<S>[]): readonly (readonly number[])[] {
    if (!this.looksAtPosition) return [[...members.keys()]];
    const groups = new Map<number, number[]>();
    for (const [row, { position }] of members.entries()) {
      const group = groups.get(position);
      if (group) group.push(row);
      else groups.set(position, [row]);
    }
    return [...groups.values()];
  }

  private over(rows: number): Stream<S> {
    let stream = this.prepared.get(rows);
    if (!stream) {
      stream = this.openRows(rows);
      this.prepared.set(rows, stream);
    }
    return stream;
  }

  private checked(streams: readonly PooledStream<S>[]): readonly Member<S>[] {
    check("streamPool", "streams", streams, list);
    const seen = new Set<PooledStream<S>>();
    for (const [i, stream] of streams.entries()) {
      if (!this.members.has(stream as Member<S>))
        throw new TypeError(
          `streamPool: streams[${i}] is not an open stream of this pool; open() gives one, and after close() it is none`,
        );
      if (seen.has(stream))
        throw new RangeError(`streamPool: streams[${i}] is there twice; a stream takes one step at a time`);
      seen.add(stream);
    }
    return streams as readonly Member<S>[];
  }

  private checkedNumbers(
    rows: number,
    x: RowNumbers,
    inputs: Readonly<Record<string, RowNumbers>>,
  ): readonly ArrayLike<number>[] {
    check("streamPool", "inputs", inputs, byName);
    for (const name of Object.keys(inputs))
      if (!this.inputs.some((input) => input.name === name))
        throw new TypeError(
          `streamPool: a step does not read ${name}; it reads ${this.inputs.map((input) => input.name ?? "x").join(", ")}`,
        );
    return this.inputs.map(({ name, shape, dtype }) => {
      const all = [rows, ...shape];
      const input = new StepInput("streamPool", name, shape, { shape: all, size: sizeOf(all), dtype });
      return input.check(name === null ? x : inputs[name]);
    });
  }
}

/** Puts a part of the new states into the memory of the streams. */
function scatter<S>(all: TypedArray, rows: readonly number[], members: readonly Member<S>[], p: number) {
  for (let at = 0; at < rows.length; at++) {
    const own = members[rows[at]!]!.parts[p]!;
    own.set(all.subarray(at * own.length, (at + 1) * own.length));
  }
}

/** Some rows of numbers side by side: the numbers as they are, if those are the rows. Float64 holds every number of every type. */
function rowsOf(values: ArrayLike<number>, width: number, rows: readonly number[]): ArrayLike<number> {
  const first = rows[0]! * width;
  if (ArrayBuffer.isView(values) && rows.every((row, at) => row === rows[0]! + at))
    return (values as TypedArray).subarray(first, first + rows.length * width);
  const some = new Float64Array(rows.length * width);
  for (let at = 0; at < rows.length; at++) {
    const from = rows[at]! * width;
    for (let c = 0; c < width; c++) some[at * width + c] = values[from + c]!;
  }
  return some;
}

/** The numbers of the parts of a state of one row. */
function rowsIn(state: readonly Tensor[]): readonly TypedArray[] {
  return state.map((part) => onCpu(part).toArray());
}
