import type { ParamsOf, Shapes } from "../../cell/index.js";
import {
  check,
  checkSettings,
  count,
  func,
  isRecord,
  kind,
  listOf,
  optional,
  size,
} from "../../check/index.js";
import {
  formatShape,
  fromArray,
  onCpu,
  ShapeError,
  type Tensor,
  type Traceable,
  type Value,
} from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { chain, type Structure, unfold } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";
import { addressingKind } from "../addressing/addressing.js";
import type { AddressingSpecs, ContentAddressing } from "../addressing/index.js";
import type { CellMaker } from "../cells/inner-cell.js";
import { checkInit } from "../layers/check-call.js";
import { layerKind } from "../layers/kinds.js";
import { rowShape } from "../layers/layer-shapes.js";
import type { AnySequenceLayer, Module, SequenceLayer } from "../module.js";
import { checkParts, checkSource, type Sequences } from "./check-sequences.js";
import { type ContextConfig, checkContext, contextKind, contextOf } from "./context.js";
import { copiedFirstState, type FirstStateParams, mappedFirstState } from "./first-state.js";
import { type PointerSpecs, pointerCells } from "./pointer-cell.js";
import { featuresOf } from "./reads.js";
import { shiftRows } from "./shift-rows.js";
import { withSource } from "./with-source.js";

/** Settings of `pointerNetwork`. */
export interface PointerNetworkConfig<E, S, P, Q extends AddressingSpecs> {
  /** Reads the members, in some order: any sequence layer over rows of numbers. */
  readonly encoder: SequenceLayer<E, S>;
  /** What makes the decoder's cell of { input, hidden }, such as `lstm`. */
  readonly cell: CellMaker<Shapes, P>;
  /** Units of the decoder's cell. */
  readonly hidden: number;
  /** How members are chosen: by scores, such as `additiveAddressing` gives. */
  readonly addressing: ContentAddressing<Q>;
  /** A context C, of which the decoder's first state is made, tanh(C W + b). By default the encoder's last state is copied. */
  readonly context?: ContextConfig<S>;
}

/** Parameters of a pointer network. */
export interface PointerNetworkParams<E, P, Q> {
  readonly encoder: E;
  readonly first?: FirstStateParams;
  readonly decoder: ParamsOf<PointerSpecs<P, Q>>;
}

/** What is to be pointed to. */
export interface PointerTargets {
  /** At each node the member that is right, by its place in its source: int32 [nodes], 0 for the first member. */
  readonly members: Value;
  /** A chain per sequence, as many as there are sources. */
  readonly structure: Structure;
}

/** What a pointer network says of targets. */
export interface PointerResult {
  /** Log-probabilities of the members, one per pair of a node and a member of its source, as `structure.pairs("source")` orders them. */
  readonly logProbabilities: Value;
  /** -log P of each sequence of targets, in nats: [sequences]. */
  readonly loss: Value;
  /** The targets' structure, carrying the source. */
  readonly structure: Structure;
}

/** Members that were pointed to, one after the other. */
export interface Pointed {
  /** Their places in the source. */
  readonly members: number[];
  /** log P of each, given those before. */
  readonly logProbabilities: number[];
}

/** A pointer network, made by `pointerNetwork`. */
export interface PointerNetwork<E, P, Q>
  extends Module<PointerNetworkParams<E, P, Q>, [source: Sequences, targets: PointerTargets], PointerResult> {
  /**
   * Points to the most probable member at each step, and reads it at the next: the whole batch in one run.
   * @param lengths how many members of each source are to be pointed to
   * @returns one per source
   */
  greedy(params: PointerNetworkParams<E, P, Q>, source: Sequences, lengths: readonly number[]): Pointed[];
}

/**
 * A pointer network: its output at each step is one of the members that it has read. So the number of classes is the number of members,
 * different for each source.
 *
 *     e_1, ..., e_n = encoder(x_1, ..., x_n)
 *     d(t) = cell(x at the member pointed to at t-1, d(t-1)),   d(0) from the encoder's last state
 *     P(member m at t) = softmax over m of score(d(t), e_m)
 *
 * While it is trained, it reads the members that were right (teacher forcing): what is scored does not depend on what it would have chosen,
 * and all pointing leaves the loop. Before the first step it reads a vector that is learned, `start`. The loss is formed at each step from
 * the log-probability of the member that is right.
 *
 * @throws TypeError if the encoder does not read rows of numbers, or does not say how many features it gives
 * @see Vinyals, Fortunato, Jaitly (2015), "Pointer networks"
 * @example
 * const model = pointerNetwork({
 *   encoder: recurrent(lstm({ input: 1, hidden: 8 })),
 *   cell: lstm,
 *   hidden: 8,
 *   addressing: additiveAddressing({ size: 8 }),
 * });
 * const params = model.init(Key.of(1));
 * const source = { x: tensor([[0.3], [0.1], [0.2]]), structure: chain([3]) };
 * const targets = { members: tensor([1, 2, 0], "int32"), structure: chain([3]) };
 * model.apply(params, source, targets).loss.shape // [ 1 ]
 * model.greedy(params, source, [3])[0]!.members.length // 3
 */
export function pointerNetwork<E, S, P, Q extends AddressingSpecs>(
  config: PointerNetworkConfig<E, S, P, Q>,
): PointerNetwork<E, P, Q> {
  const what = "pointerNetwork";
  const settled = checkSettings<PointerNetworkConfig<E, S, P, Q>>(what, config, configKinds as never);
  const { encoder, cell, hidden, addressing } = settled;
  const context = settled.context ? checkContext(what, settled.context) : null;
  if (typeof (addressing as { scores?: unknown }).scores !== "function")
    throw new TypeError(
      `${what}: ${addressing.name} gives no scores, of which a pointer makes probabilities; use an addressing by content, such as additiveAddressing({ size })`,
    );
  const shape = rowShape(encoder.input);
  if (shape.length !== 1 || ("shape" in encoder.input && encoder.input.dtype === "int32"))
    throw new TypeError(
      `${what}: the encoder reads ${"shape" in encoder.input ? `${encoder.input.dtype} ` : ""}${formatShape(shape)}, expected rows of numbers, [features]: the decoder reads the member that was pointed to`,
    );
  const cells = pointerCells({
    what,
    maker: cell as CellMaker<Shapes, unknown>,
    hidden,
    member: shape[0]!,
    key: featuresOf(what, "encoder", encoder),
    addressing: addressing as unknown as ContentAddressing<AddressingSpecs>,
  });
  const first = context ? mappedFirstState(cells.inner, context.features) : null;
  type Params = PointerNetworkParams<E, P, Q>;

  const read = (name: string, params: Traceable<Params>, { x, structure }: Sequences) => {
    checkParts(name, params, ["encoder", "decoder", ...(first ? ["first"] : [])]);
    const { output, final } = (encoder as unknown as AnySequenceLayer).apply(
      params.encoder as Traceable<unknown>,
      x,
      structure,
    );
    const initial = first
      ? first.apply(
          params.first as Traceable<FirstStateParams>,
          contextOf(what, context!, { output, final: final as S, structure }),
        )
      : copiedFirstState(what, cells.inner, final, structure.sequences);
    return { source: { h: output, x }, initial };
  };

  return {
    init(key, dtype = "float32") {
      checkInit(what, key, dtype);
      return {
        encoder: encoder.init(key.fold(0), dtype),
        ...(first ? { first: first.init(key.fold(1), dtype) } : {}),
        decoder: cells.forced.init(key.fold(2), dtype),
      } as Params;
    },
    apply(params, source, targets) {
      const name = `${what}.apply`;
      checkSource(name, source);
      check(name, "targets", targets, targetsKind);
      check(name, "targets.members", targets.members, valueKind);
      check(name, "targets.structure", targets.structure, structureKind);
      checkCount(name, targets.structure.sequences, source.structure.sequences, "targets");
      const { source: members, initial } = read(name, params, source);
      const structure = withSource(targets.structure, source.structure);
      const none = fromArray([-1], [1], "int32");
      const previous = shiftRows(targets.structure, targets.members, none);
      const inputs = { previous, target: targets.members, source: members };
      const { output, sums } = unfold(cells.forced, params.decoder as never, inputs as never, structure, {
        initial: initial as never,
      });
      return {
        logProbabilities: output as Value,
        loss: (sums as { loss: Value }).loss,
        structure,
      };
    },
    greedy(params, source, lengths) {
      const name = `${what}.greedy`;
      checkSource(name, source);
      check(name, "lengths", lengths, lengthsKind);
      checkCount(name, lengths.length, source.structure.sequences, "lengths");
      const { source: members, initial } = read(name, params as unknown as Traceable<Params>, source);
      const structure = withSource(chain(lengths), source.structure);
      const { output } = unfold(
        cells.free,
        params.decoder as never,
        { source: members } as never,
        structure,
        {
          initial: initial as never,
        },
      );
      const { member, logProbability } = output as { member: Tensor; logProbability: Tensor };
      const [positions, logs] = [onCpu(member).toArray(), onCpu(logProbability).toArray()];
      return lengths.map((_, s) => {
        const rows = structure.rowsOf(s);
        return { members: rows.map((r) => positions[r]!), logProbabilities: rows.map((r) => logs[r]!) };
      });
    },
  };
}

function checkCount(what: string, has: number, sources: number, name: string): void {
  if (has !== sources)
    throw new ShapeError(`${what}: ${name} are given for ${has} sequences, there are ${sources} sources`);
}

const lengthsKind = listOf(count, "a list of lengths, one per source");
const targetsKind = kind("a record { members, structure }", isRecord);
const configKinds = {
  encoder: layerKind,
  cell: func,
  hidden: size,
  addressing: addressingKind,
  context: optional(contextKind),
};
