import type { Cell, InputSpec, OperandsOf, ParamsOf, Shapes, ValuesOf } from "../../cell/index.js";
import { checkSettings, flag, optional } from "../../check/index.js";
import { ShapeError, Value } from "../../tensor/index.js";
import { type Delays, type UnfoldOptions, unfold } from "../../unfold/index.js";
import { delaysKind } from "../../unfold/structures/delays.js";
import type { SequenceLayer, SequenceOptions } from "../module.js";
import { checkOneOutput, checkSequenceCell } from "./check-layers.js";
import { DelayedStates } from "./delayed-states.js";
import { sequenceLayer } from "./sequence-layer.js";
import type { FurtherInputs } from "./stream-options.js";

/** How a cell is run as a layer. */
export interface RecurrentOptions {
  /** Run each sequence from its last step to its first, and trees from the root down; the rows stay where they are. See `Structure.reversed`. */
  readonly reverse?: boolean;
  /** By port of the cell, how many steps back it reads, as in `chain`; a cell without ports has the port `in`. Chains only. */
  readonly delays?: Delays;
}

/** A cell that a sequence layer can run: an input named x, one value as output. */
export type SequenceCell<S extends Shapes, P> = Cell<{ x: InputSpec }, S, P, Value>;

/**
 * A cell as a layer: `unfold` with the cell's input named x. The parameters are the cell's own. What else the cell reads, further
 * inputs of nodes, inputs of sequences, shared ones and sets, `apply` finds under `options.inputs` by name.
 *
 * To read a whole sequence and then give one output (figure 10.5), feed `final` to the next layer instead of
 * `output`.
 *
 * With `delays` the layer reads states of several steps before (section 10.9.1), over a chain as it is. Its state is that of the last D steps,
 * D the longest delay, the oldest first: initial and final states are [sequences, D, ...slot].
 *
 * @param cell any cell that has an input x per node and whose output is one value: its state may have any slots
 * @throws TypeError if the cell has no input x, or, when it runs, an output of several values
 * @throws ShapeError if something that the cell reads is not given
 * @throws StructureError if `delays` are asked for and the structure is not a chain, or `reverse` and it has no reverse
 * @example
 * const layer = recurrent(lstm({ input: 3, hidden: 4 }));
 * const classify = linear({ input: 4, output: 2 });
 * const params = { layer: layer.init(Key.of(1)), classify: classify.init(Key.of(2)) };
 * const { final } = layer.apply(params.layer, zeros([4, 3]), chain([3, 1]));
 * classify.apply(params.classify, final.h).shape // [ 2, 2 ]: one row per sequence
 */
export function recurrent<S extends Shapes, P>(
  cell: SequenceCell<S, P>,
  options?: RecurrentOptions,
): SequenceLayer<ParamsOf<P>, ValuesOf<S>> {
  checkSequenceCell("recurrent", cell);
  const { reverse = false, delays } = checkSettings("recurrent", options, {
    reverse: optional(flag),
    delays: optional(delaysKind),
  });
  const delayed = delays ? new DelayedStates(cell.name, delays) : null;
  const { x, ...others } = cell.inputs;
  const further = { ...others, ...cell.edgeInputs };
  return sequenceLayer<ParamsOf<P>, ValuesOf<S>>(cell.name, {
    input: x!,
    ...(Object.keys(further).length > 0 ? { further } : {}),
    forward: !reverse,
    get features() {
      const { output } = cell.trace("float32");
      return output instanceof Value && output.rank === 1 ? output.shape[0] : undefined;
    },
    init: (key, dtype = "float32") => cell.init(key, dtype),
    apply(params, x, structure, options = {}) {
      const turned = reverse ? structure.reversed() : structure;
      const over = delayed ? delayed.over(turned) : turned;
      const inputs = { x, ...readBy(cell, options.inputs ?? {}) } as OperandsOf<{ x: InputSpec }>;
      const { initial, ...others } = unfoldOptions<S>(options);
      const result = unfold(cell, params, inputs, over, {
        ...others,
        ...(initial ? { initial: delayed ? delayed.toRows(initial, cell.state) : initial } : {}),
      });
      checkOneOutput("recurrent", cell.name, result.output);
      return delayed ? { ...result, final: delayed.fromRows(result.final) } : result;
    },
  });
}

/** What says what a cell reads. */
type Readers = Pick<Cell, "name" | "inputs" | "sequenceInputs" | "sharedInputs" | "sets" | "edgeInputs">;

/** What a cell reads of what its layer is given besides x. @throws ShapeError naming what is missing */
function readBy(
  { name, inputs, sequenceInputs, sharedInputs, sets, edgeInputs }: Readers,
  all: FurtherInputs,
): FurtherInputs {
  const { x: _, ...further } = inputs;
  const names = [further, sequenceInputs, sharedInputs, sets, edgeInputs].flatMap((specs) =>
    Object.keys(specs),
  );
  return Object.fromEntries(
    names.map((n) => {
      const value = Object.hasOwn(all, n) ? all[n] : undefined;
      if (value !== undefined) return [n, value];
      throw new ShapeError(
        `recurrent: the cell ${name} reads "${n}", which is not given; a layer finds what it reads besides x under options.inputs`,
      );
    }),
  );
}

/** The options of `unfold` that a layer's options amount to. */
function unfoldOptions<S extends Shapes>(options: SequenceOptions<ValuesOf<S>>): UnfoldOptions<S> {
  const { initial, key, backward, clipState } = options;
  return {
    ...(initial ? { initial: initial as Partial<ValuesOf<S>> } : {}),
    ...(key ? { key } : {}),
    ...(backward ? { backward } : {}),
    ...(clipState === undefined ? {} : { clipState }),
  };
}
