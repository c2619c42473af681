import {
  Cell,
  defineCell,
  type InputSpecs,
  listed,
  type OperandSpecs,
  type ParamSpec,
  type Shapes,
  type StepResult,
} from "../../cell/index.js";
import { checkSettings, describe, flag, listOf, optional, text } from "../../check/index.js";
import { stopGradient } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { outputSlot } from "../cells/output-slot.js";
import { type LeakTimeConstants, leaked, leakSpec, timeConstantsKind } from "./time-constants.js";

/** Settings of `leaky`. */
export interface LeakyConfig {
  /** Time constants of the units of each slot, in steps, to begin with; by default drawn between 1 and 100, the logarithm uniform. */
  readonly timeConstants?: LeakTimeConstants;
  /** Whether they are learned; true by default. Fixed ones have no gradient. */
  readonly learned?: boolean;
  /** The slots of the state that leak; all by default. */
  readonly slots?: readonly string[];
}

/** Parameters of a cell whose state leaks. */
export interface LeakySpecs<P, K extends string> {
  /** Those of the cell. */
  readonly cell: P;
  /** Per slot that leaks a, [units]: alpha = sigmoid(a). */
  readonly a: Readonly<Record<K, ParamSpec>>;
}

/**
 * Any cell with a state that leaks: what the cell would make of its state is averaged over time.
 *
 *     s(t) = alpha s(t-1) + (1 - alpha) cell(x(t), s(t-1)),   alpha = sigmoid(a) = e^(-1/T)
 *
 * There is an alpha for each unit, which is each feature of a slot's last axis, and for each slot. Where the cell's output is a slot of its
 * state, as h is in most, the output is that slot after it has leaked; another output is what the cell gives. What the cell reads, sums and
 * draws, and where it starts, stay as they are. `leaky(rnn(...))` computes what `leakyRnn` does.
 *
 * @param cell a cell for chains: without ports and edge step
 * @throws TypeError for what is no such cell, or a slot that it does not have
 * @throws ShapeError for a list of time constants that does not fit a slot
 * @see Goodfellow, Bengio, Courville (2016), section 10.9.2
 * @example
 * const cell = leaky(gru({ input: 3, hidden: 4 }), { timeConstants: 20 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export function leaky<I extends OperandSpecs, S extends Shapes, P, O, N>(
  cell: Cell<I, S, P, O, N>,
  config?: LeakyConfig,
): Cell<I, S, LeakySpecs<P, keyof S & string>, O, N> {
  checkLeaky(cell);
  const inner = cell as unknown as Cell;
  const {
    timeConstants = { from: 1, to: 100 },
    learned = true,
    slots = Object.keys(inner.state),
  } = checkSettings("leaky", config, kinds);
  for (const slot of slots)
    if (!Object.hasOwn(inner.state, slot))
      throw new TypeError(
        `leaky: slots names "${slot}", which the state of ${inner.name} does not have; it has ${listed(Object.keys(inner.state)) || "none"}`,
      );
  const specs = Object.fromEntries(
    slots.map((slot) => [
      slot,
      leakSpec("leaky", inner.state[slot]!.slice(-1), timeConstants, ` of the slot ${slot}`),
    ]),
  );
  return defineCell({
    name: `leaky ${inner.name}${learned ? "" : " (fixed)"}`,
    inputs: (): InputSpecs => inner.inputs,
    sequenceInputs: (): InputSpecs => inner.sequenceInputs,
    sharedInputs: (): InputSpecs => inner.sharedInputs,
    sets: () => inner.sets,
    state: (): Shapes => inner.state,
    params: () => ({ cell: inner.specs, a: specs }),
    start: ({ cell: own }, dtype) => inner.start(own as never, dtype),
    step(values, { cell: own, a }, context) {
      const old = values as unknown as Readonly<Record<string, Value>>;
      const result = inner.step(values as never, own as never, context) as StepResult<
        Shapes,
        unknown,
        unknown
      >;
      const state: Record<string, Value> = { ...result.state };
      for (const slot of slots)
        state[slot] = leaked(old[slot]!, state[slot]!, learned ? a[slot]! : stopGradient(a[slot]!));
      const handedOn = outputSlot(result);
      return { ...result, state, output: handedOn === undefined ? result.output : state[handedOn] };
    },
  })(undefined) as never;
}

const kinds = {
  timeConstants: optional(timeConstantsKind),
  learned: optional(flag),
  slots: optional(listOf(text, "a list of slots of the state")),
};

function checkLeaky(cell: unknown): asserts cell is Cell {
  if (!(cell instanceof Cell))
    throw new TypeError(`leaky: cell is a cell, such as gru({ input, hidden }), got ${describe(cell)}`);
  if (cell.ports.length > 0 || cell.definition.edge !== undefined)
    throw new TypeError(
      `leaky: cell ${cell.name} is made for trees or graphs (it has ${cell.ports.length > 0 ? "ports" : "an edge step"}), whose nodes have no one state before their own; it takes cells for chains`,
    );
}
