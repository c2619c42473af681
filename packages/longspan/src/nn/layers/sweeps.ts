import type { Cell, InputSpec, Shapes, ValuesOf } from "../../cell/index.js";
import { check, isRecord, kind } from "../../check/index.js";
import { concat, gather } from "../../ops/index.js";
import type { Traceable, Value } from "../../tensor/index.js";
import type { GridStart } from "../../unfold/index.js";
import { gridStarts } from "../../unfold/structures/grid.js";
import { indexTensor } from "../../unfold/structures/structure.js";
import type { SequenceLayer } from "../module.js";
import { turnedGrid } from "./grid-rows.js";
import { furtherOf, inputOf } from "./layer-shapes.js";
import { recurrent, type SequenceCell } from "./recurrent.js";
import { sequenceLayer } from "./sequence-layer.js";
import type { PartialState } from "./stream.js";

/** A cell for each place from which a grid is swept. */
// biome-ignore lint/suspicious/noExplicitAny: any cell with an input x; its own types are kept in those of the layer.
export type SweepCells = Readonly<Partial<Record<GridStart, Cell<any, any, any, Value>>>>;

/** The parameters of each cell. */
export type SweepParams<C extends SweepCells> = {
  readonly [K in keyof C]: C[K] extends Pick<Cell, "init"> ? ReturnType<C[K]["init"]> : never;
};

/** The states of each cell. */
export type SweepStates<C extends SweepCells> = {
  readonly [K in keyof C]: C[K] extends { readonly state: infer S extends Shapes } ? ValuesOf<S> : never;
};

/**
 * A network that reads two-dimensional inputs from several directions at once: each cell sweeps the grid from a corner or a side of its own,
 * and every output sees them all (section 10.3). From the four corners
 *
 *     o(i, j) = [h1(i, j), h2(i, j), h3(i, j), h4(i, j)]
 *
 * sees the whole grid, for h1 sees what lies above and to the left, and so on; the cells read two neighbours, such as `multidimensionalLstm`.
 * From the four sides the cells are those of chains, and o(i, j) sees the row and the column of its node; a layer above it sees the rest.
 * Local features come from below, by `gridConvolution`.
 *
 * x [nodes, input] over a grid, from wherever it begins, gives [nodes, features of all] in the same rows. Parameters and states are records
 * with an entry for each cell; a state has a row for each grid, or from a side one for each row or column of the grids. Not forward:
 * there is no stream.
 *
 * @param cells by where they begin, all for the same x; outputs are joined in this order
 * @throws TypeError for what is no place to begin, or no cell with an input x
 * @throws StructureError if the structure is no grid
 * @see Goodfellow, Bengio, Courville (2016), section 10.3; Graves, Schmidhuber (2009), "Offline handwriting recognition with
 * multidimensional recurrent neural networks", for the corners; Visin et al. (2015), "ReNet", for the sides
 * @example
 * const cell = () => multidimensionalLstm({ input: 3, hidden: 4 });
 * const layer = sweeps({ "top-left": cell(), "top-right": cell(), "bottom-left": cell(), "bottom-right": cell() });
 * const pictures = grid([[2, 3], [4, 4]]);
 * const { output } = layer.apply(layer.init(Key.of(1)), pictures.pack(zeros([22, 3])), pictures);
 * // output [22, 16]
 * const lines = sweeps({ left: gru({ input: 3, hidden: 4 }), right: gru({ input: 3, hidden: 4 }) });
 */
export function sweeps<const C extends SweepCells>(cells: C): SequenceLayer<SweepParams<C>, SweepStates<C>> {
  check("sweeps", "cells", cells, cellsKind);
  const layers = Object.entries(cells as Readonly<Record<string, AnyCell>>).map(([from, cell]) => ({
    from: from as GridStart,
    layer: recurrent(cell),
    /** Inputs of nodes besides x: they come in the rows of the grid too. */
    further: Object.keys(cell.inputs).filter((name) => name !== "x"),
  }));
  return sequenceLayer<SweepParams<C>, SweepStates<C>>("sweeps", {
    input: inputOf("sweeps", `cells.${layers[0]!.from}`, layers[0]!.layer),
    further: furtherOf(
      "sweeps",
      layers.map(({ layer }) => layer),
    ),
    forward: false,
    get features() {
      const widths = layers.map(({ layer }) => layer.features);
      return widths.reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0);
    },
    init: (key, dtype = "float32") =>
      Object.fromEntries(layers.map(({ from, layer }, k) => [from, layer.init(key.fold(k), dtype)])) as never,
    apply(params, x, structure, { initial, key, inputs = {}, ...options } = {}) {
      const results = layers.map(({ from, layer, further }, k) => {
        const turned = turnedGrid("sweeps", structure, from);
        const into = (v: Value) => gather(v, indexTensor(turned.into));
        const own = further.filter((name) => Object.hasOwn(inputs, name));
        const start = (initial as Readonly<Record<string, PartialState<ValuesOf<Shapes>>>> | undefined)?.[
          from
        ];
        const { output, final } = layer.apply(
          (params as Readonly<Record<string, Traceable<unknown>>>)[from] as never,
          into(x),
          turned.structure,
          {
            ...options,
            inputs: {
              ...inputs,
              ...Object.fromEntries(own.map((name) => [name, into(inputs[name] as Value)])),
            },
            ...(start ? { initial: start } : {}),
            ...(key ? { key: key.fold(k) } : {}),
          },
        );
        return { from, output: gather(output, indexTensor(turned.back)), final };
      });
      return {
        output: concat(results.map(({ output }) => output)),
        final: Object.fromEntries(results.map(({ from, final }) => [from, final])) as never,
      };
    },
  });
}

type AnyCell = SequenceCell<Shapes, unknown> & { readonly inputs: Readonly<Record<string, InputSpec>> };

const cellsKind = kind(
  `a record of cells by where they begin (${gridStarts.join(", ")})`,
  (value) =>
    isRecord(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((from) => (gridStarts as readonly string[]).includes(from)),
);
