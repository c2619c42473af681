import type { Cell, ParamsOf, Shapes, ValuesOf } from "../../cell/index.js";
import { check, checkSettings, func, size } from "../../check/index.js";
import { add, concat, gather } from "../../ops/index.js";
import { type DType, mapTree, type Value, zeros } from "../../tensor/index.js";
import { indexTensor, unfold } from "../../unfold/index.js";
import { type CellMaker, checkInner, outputOf } from "../cells/inner-cell.js";
import { tracedOutputSlot } from "../cells/output-slot.js";
import { sequenceLayer } from "../layers/sequence-layer.js";
import type { SequenceLayer } from "../module.js";
import { beginsAtOnce, checkForward, clocked, groupRows, rowsBefore } from "./clock-rows.js";
import { groupsKind } from "./groups-kind.js";
import { heldCell, stepsSince } from "./held-cell.js";

/** One group of units of a clockwork net. */
export interface ClockworkGroup {
  /** Units of its state. */
  readonly units: number;
  /** Steps from one update to the next; 1 for a group that changes at every step. */
  readonly period: number;
}

/** Settings of `clockwork`. */
export interface ClockworkConfig {
  /** Features of x. */
  readonly input: number;
  /** The groups, the fastest first: each with a longer period than the one before. */
  readonly groups: readonly ClockworkGroup[];
}

/**
 * A clockwork net: groups of units that change at different rates. A group of period p changes at the steps 0, p, 2 p, ..., and keeps its
 * state in between.
 *
 *     h_g(t) = cell_g([x(t), h_k(t-1) of all slower groups k], h_g(t-1))   where t is a multiple of p_g
 *     h_g(t) = h_g(t-1)                                                    elsewhere
 *     output(t) = [h_1(t), ..., h_G(t)]
 *
 * A slow group sees the past through few steps, a fast one sees details; only fast groups read slow ones, so W is block upper triangular
 * (Koutnik et al. 2014). With `rnn` as the cell it is their net; any cell will do that hands on a slot of its state, such as `gru` and `lstm`.
 *
 * An update that is skipped is not computed: each group runs over a chain of its own, with a node for each update, the slowest group
 * first, and a faster one finds what it reads by row. Groups of periods 1, 2, 4, 8 take less than twice the steps of the fastest.
 *
 * x [nodes, input] over a forward chain gives [nodes, sum of units]. Parameters and states are lists with an entry per group, in their
 * order. The clock starts at each sequence's first step: whoever runs a sequence in segments, from `final` to `initial`, makes them multiples
 * of all periods, or says with `startingAt` where they begin. There, and in a stream, the slow form runs, which computes all steps; the
 * numbers are the same. `clipState` clips once per update.
 *
 * @param cell what makes a cell of { input, hidden }: one of the library, or a function of your own
 * @throws TypeError for a cell that reads more than x, or whose output is no slot of its state
 * @throws RangeError for periods that do not rise
 * @throws StructureError if the structure is not a forward chain
 * @see Koutnik, Greff, Gomez, Schmidhuber (2014), "A clockwork RNN"; El Hihi, Bengio (1996); Goodfellow, Bengio, Courville (2016),
 * section 10.9.3
 * @example
 * const layer = clockwork(rnn, { input: 3, groups: [{ units: 4, period: 1 }, { units: 2, period: 8 }] });
 * const { output, final } = layer.apply(layer.init(Key.of(1)), zeros([30, 3]), chain([20, 10]));
 * // output [30, 6]; final[1].h [2, 2], after 3 and 2 updates
 */
export function clockwork<S extends Shapes, P>(
  cell: CellMaker<S, P>,
  config: ClockworkConfig,
): SequenceLayer<readonly ParamsOf<P>[], readonly ValuesOf<S>[]> {
  check("clockwork", "cell", cell, func);
  const { input, groups } = checkSettings("clockwork", config, kinds);
  groups.forEach(({ period }, g) => {
    if (g > 0 && period <= groups[g - 1]!.period)
      throw new RangeError(
        `clockwork: groups[${g}].period is ${period}, after ${groups[g - 1]!.period}; periods rise from group to group, and units of one period are one group`,
      );
  });
  const made = groupsOf(cell, input, groups);
  const periods = groups.map(({ period }) => period);
  return sequenceLayer<readonly ParamsOf<P>[], readonly ValuesOf<S>[]>("clockwork", {
    input: [input],
    forward: true,
    features: made.reduce((sum, { features }) => sum + features, 0),
    init: (key, dtype = "float32") => made.map(({ fast }, g) => fast.init(key.fold(g), dtype) as ParamsOf<P>),
    apply(params, x, structure, options = {}) {
      const { backward = { kind: "full" } } = options;
      const every = backward.kind === "truncated" ? backward.every : null;
      checkForward("clockwork", structure);
      const rows = beginsAtOnce(structure) ? groupRows(structure, periods, every) : null;
      const before = rows === null ? rowsBefore(structure, every) : null;
      const outputs: Value[] = [];
      const final: ValuesOf<S>[] = [];
      const tables: Value[] = [];
      for (let g = made.length - 1; g >= 0; g--) {
        const { fast, slow, slot } = made[g]!;
        const [own, initial] = [params[g] as never, options.initial?.[g] as Slots | undefined];
        const of = rows?.[g];
        const isHeld = of === undefined && periods[g]! > 1;
        const reads = tables.map((table, k) => clocked(table, of ? of.reads[k]! : before!));
        const inputs = {
          x: concat([of?.x ? gather(x, indexTensor(of.x)) : x, ...reads]),
          ...(isHeld ? { since: stepsSince(structure, periods[g]!) } : {}),
        };
        const result = unfold(isHeld ? slow : fast, own, inputs, of?.structure ?? structure, {
          backward,
          ...(initial ? { initial } : {}),
          ...(options.key ? { key: options.key.fold(g) } : {}),
          ...(options.clipState === undefined ? {} : { clipState: options.clipState }),
        });
        const output = result.output as Value;
        outputs.unshift(of ? clocked(output, of.held) : output);
        final.unshift(mapTree(result.final, (v) => (of?.final.cut ? clocked(v, of.final) : v)) as never);
        const start = initial?.[slot] ?? startOf(fast, own, slot, x.dtype, structure.parts.sources);
        tables.unshift(concat([start, output], 0));
      }
      return { output: concat(outputs), final };
    },
  });
}

/** A group's cell: as it is, for a chain of its updates alone, and as one that keeps its state between updates. */
interface GroupCells {
  readonly fast: Cell;
  readonly slow: Cell;
  /** The slot that is the output. */
  readonly slot: string;
  readonly features: number;
}

type Slots = Readonly<Record<string, Value>>;

function groupsOf(
  cell: CellMaker<Shapes, unknown>,
  input: number,
  groups: readonly ClockworkGroup[],
): readonly GroupCells[] {
  const made: GroupCells[] = [];
  let slower = 0;
  for (const { units } of [...groups].reverse()) {
    const fast = cell({ input: input + slower, hidden: units }) as unknown as Cell;
    checkInner("clockwork", fast);
    const features = outputOf("clockwork", fast);
    const slot = tracedOutputSlot(fast);
    if (slot === undefined)
      throw new TypeError(
        `clockwork: the output of cell ${fast.name} is no slot of its state; between updates a group hands on what it keeps, so the output is to be one, as h is in gru and lstm`,
      );
    slower += features;
    made.unshift({ fast, slow: heldCell(fast, slot), slot, features });
  }
  return made;
}

/** What a group holds before the first step: [sources, units]. */
function startOf(cell: Cell, params: never, slot: string, dtype: DType, sources: number): Value {
  const rows = zeros([sources, ...cell.state[slot]!], dtype);
  const start = (cell.start(params, dtype) as Partial<Slots>)[slot];
  return start ? add(rows, start) : rows;
}

const kinds = { input: size, groups: groupsKind({ units: size, period: size }) };
