import { type Cell, defineCell } from "../../cell/index.js";
import { checkSettings, isRecord, kind, type RequiredKind, size } from "../../check/index.js";
import { concat } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { type ReservoirConfig, type ReservoirSpecs, reservoir } from "./reservoir.js";

/** One of several reservoirs: the settings of `reservoir` without the features of x, which follow. */
export type ReservoirPart = Omit<ReservoirConfig, "input">;

/** Settings of `deepReservoir` and `groupedReservoir`. */
export interface ComposedReservoirConfig {
  /** Features of x. */
  readonly input: number;
  /** The reservoirs, in order. */
  readonly parts: readonly ReservoirPart[];
}

/** A cell of several reservoirs: the state has a slot for each, h0, h1 and so on; the parameters are a list. */
export type ComposedReservoir = Cell<
  { x: Shape },
  Readonly<Record<string, Shape>>,
  readonly ReservoirSpecs[],
  Value
>;

/**
 * Reservoirs one after the other: each reads the state of the one before it, and a readout sees all of them. Later ones change more slowly, if their leak
 * is smaller.
 *
 *     h_0(t) = reservoir_0(x(t), h_0(t-1)),   h_l(t) = reservoir_l(h_(l-1)(t), h_l(t-1)),   output = [h_0(t), h_1(t), ...]
 *
 * @throws as `reservoir`, for the settings of a part
 * @see Gallicchio, Micheli, Pedrelli (2017), "Deep reservoir computing: a critical experimental analysis"
 * @example
 * const cell = deepReservoir({ input: 1, parts: [{ hidden: 30 }, { hidden: 20, leak: 0.3 }] });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 1]) }, chain([6])).output.shape // [ 6, 50 ]
 */
export function deepReservoir(config: ComposedReservoirConfig): ComposedReservoir {
  const { input, parts } = checkSettings("deepReservoir", config, kinds);
  const cells = parts.map((part, l) => reservoir({ ...part, input: l === 0 ? input : parts[l - 1]!.hidden }));
  return composed("deepReservoir", input, parts, cells, (_, before) => before);
}

/**
 * Reservoirs side by side: all read x, none another, and a readout sees all of them. They differ in what they remember, such as by leak or radius.
 *
 *     h_g(t) = reservoir_g(x(t), h_g(t-1)),   output = [h_0(t), h_1(t), ...]
 *
 * @throws as `reservoir`, for the settings of a part
 * @example
 * const cell = groupedReservoir({ input: 1, parts: [{ hidden: 30 }, { hidden: 20, leak: 0.3 }] });
 * unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 1]) }, chain([6])).output.shape // [ 6, 50 ]
 */
export function groupedReservoir(config: ComposedReservoirConfig): ComposedReservoir {
  const { input, parts } = checkSettings("groupedReservoir", config, kinds);
  const cells = parts.map((part) => reservoir({ ...part, input }));
  return composed("groupedReservoir", input, parts, cells, (x) => x);
}

/** @param reads what a part reads, of x and the state of the part before it */
function composed(
  name: string,
  input: number,
  parts: readonly ReservoirPart[],
  cells: readonly ReturnType<typeof reservoir>[],
  reads: (x: Value, before: Value) => Value,
): ComposedReservoir {
  return defineCell({
    name,
    inputs: (): { x: Shape } => ({ x: [input] }),
    state: (): Readonly<Record<string, Shape>> =>
      Object.fromEntries(parts.map(({ hidden }, l) => [`h${l}`, [hidden]])),
    params: (): readonly ReservoirSpecs[] => cells.map((cell) => cell.specs),
    step({ x, ...old }, params, context) {
      const states: Value[] = [];
      let before = x!;
      for (const [l, cell] of cells.entries()) {
        const h = (old as Readonly<Record<string, Value>>)[`h${l}`]!;
        before = cell.step({ x: reads(x!, before), h }, params[l]!, context).state.h;
        states.push(before);
      }
      return {
        state: Object.fromEntries(states.map((h, l) => [`h${l}`, h])),
        output: concat(states),
      };
    },
  })(undefined) as ComposedReservoir;
}

const partsKind: RequiredKind = kind(
  "a list of one or more records of settings, such as [{ hidden: 100 }, { hidden: 50, leak: 0.3 }]",
  (value) => Array.isArray(value) && value.length > 0 && value.every(isRecord),
);
const kinds = { input: size, parts: partsKind };
