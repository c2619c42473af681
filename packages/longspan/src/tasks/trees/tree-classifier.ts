import { Cell, type InputSpec, type Shapes } from "../../cell/index.js";
import { checkSettings, instanceOf, optional, rate, size } from "../../check/index.js";
import {
  dropout as dropped,
  type EmbeddingParams,
  embedding,
  type LinearParams,
  linear,
  type Module,
} from "../../nn/index.js";
import { gather } from "../../ops/index.js";
import { fromArray, type Key, type Tensor, type Traceable, type Value } from "../../tensor/index.js";
import { type Backward, type Structure, unfold } from "../../unfold/index.js";

/** Settings of `treeClassifier`. */
export interface TreeClassifierConfig {
  /** What joins the states of children: one with an input x [features], such as `binaryTreeLstm`. */
  readonly cell: Cell<{ x: InputSpec }, Shapes, unknown, Value>;
  /** Units of its output. */
  readonly hidden: number;
  /** How many words there are, with those for no word and for an unknown one. */
  readonly words: number;
  /** Features per word. */
  readonly features: number;
  readonly classes: number;
  /** Dropout on words and before the readout: a rate in [0, 1); 0 by default. */
  readonly dropout?: number;
}

/** Parameters of a tree classifier; those of the cell are called as its own. */
export interface TreeClassifierParams {
  readonly words: EmbeddingParams;
  readonly cell: Readonly<Record<string, Tensor>>;
  readonly readout: LinearParams;
}

/** How a tree classifier is run. */
export interface TreeClassifierOptions {
  /** Of random draws; null or absent for none. */
  readonly key?: Key | null;
  readonly backward?: Backward;
  /** Rows of the structure whose logits are asked for; all by default. */
  readonly rows?: Int32Array;
}

/** A model that says of nodes of trees which class they are of: its output is the logits, [rows, classes]. */
export interface TreeClassifier<P = TreeClassifierParams>
  extends Module<P, [words: Value, structure: Structure, options?: TreeClassifierOptions], Value> {
  readonly classes: number;
  /** The ports through which a node reads its children; none where children have no order. */
  readonly ports: readonly string[];
}

/**
 * A recursive net that says which class each node of a tree is of (section 10.6): the cell joins what its children say, and reads the word of
 * a leaf.
 *
 *     h(n) = cell(E[word(n)], h(children of n)),   o(n) = c + V h(n)
 *
 * Words int32 [nodes], in the rows of the structure that `trees` makes, give logits [nodes, classes], or [rows, classes].
 *
 * @throws RangeError if a size is not a positive integer or the rate is not in [0, 1)
 * @example
 * const cell = binaryTreeLstm({ input: 4, hidden: 8 });
 * const model = treeClassifier({ cell, hidden: 8, words: 5, features: 4, classes: 2 });
 * const forest = trees([{ children: [[1, 2], [], []] }], { ports: model.ports });
 * model.apply(model.init(Key.of(1)), tensor([2, 3, 0], "int32"), forest).shape // [ 3, 2 ]
 */
export function treeClassifier(config: TreeClassifierConfig): TreeClassifier {
  const {
    cell,
    hidden,
    words,
    features,
    classes,
    dropout = 0,
  } = checkSettings("treeClassifier", config, kinds);
  const table = embedding({ vocabulary: words, features });
  const readout = linear({ input: hidden, output: classes });
  return {
    classes,
    ports: cell.ports,
    init: (key, dtype = "float32") => ({
      words: table.init(key.fold(0), dtype),
      cell: cell.init(key.fold(1), dtype) as TreeClassifierParams["cell"],
      readout: readout.init(key.fold(2), dtype),
    }),
    apply(params, x, structure, options = {}) {
      const { key = null, backward, rows } = options;
      const read = dropped(table.apply(params.words, x), dropout, key?.fold(0) ?? null);
      const { output } = unfold(cell, params.cell as never, { x: read }, structure, {
        ...(key ? { key: key.fold(1) } : {}),
        ...(backward ? { backward } : {}),
      });
      const asked = rows ? gather(output, fromArray(rows, [rows.length], "int32")) : output;
      return readout.apply(
        params.readout as Traceable<LinearParams>,
        dropped(asked, dropout, key?.fold(2) ?? null),
      );
    },
  };
}

const kinds = {
  cell: instanceOf(Cell, "a cell, such as binaryTreeLstm({ input, hidden })"),
  hidden: size,
  words: size,
  features: size,
  classes: size,
  dropout: optional(rate),
};
