import { check, checkSettings, func, type KindsOf, optional, orNull, rate, size } from "../check/index.js";
import type { Predictor } from "../tasks/index.js";
import {
  type ClassifiedTree,
  type TreeClassifier,
  type TreeClassifierParams,
  type TreeEncoding,
  treeClassifier,
  treeEncodingKind,
  treePredictor,
} from "../tasks/trees/index.js";
import { zeros } from "../tensor/index.js";
import { trees } from "../unfold/index.js";
import { cellKind, type OwnCellMaker, treeCell, treeRunCells } from "./cell-names.js";
import { entryOf, type RunSchema } from "./configuration.js";
import { knownSettings, type OpenedRun, type RunKind } from "./run-kind.js";
import { keptWeights, storedEncoding } from "./run-source.js";

/** What the settings of a run on trees say of its model. */
export interface TreesModelSettings {
  /** One of `treeRunCells`, or the path of a module of yours, such as `./mine.mjs`. */
  readonly cell: string;
  readonly hidden: number;
  /** Features per word. */
  readonly features: number;
  readonly dropout: number;
}

/** A run that says which class the nodes of trees are of, opened for use. */
export interface OpenedTreesRun extends OpenedRun<TreeClassifierParams> {
  readonly kind: "trees";
  readonly encoding: TreeEncoding;
  readonly model: TreeClassifier;
  predictor(): Predictor<ClassifiedTree>;
}

const kinds: KindsOf<TreesModelSettings> = {
  cell: cellKind(treeRunCells),
  hidden: size,
  features: size,
  dropout: rate,
};

/**
 * The tree classifier that the settings of a run ask for.
 *
 * @param own what the module exports that the setting `cell` names, where it names one
 * @example
 * const settings = { cell: "child-sum-tree-lstm", hidden: 8, features: 4, dropout: 0 };
 * treesRunModel(settings, { labels: ["0", "1"], words: ["a"], bracketLabels: true }).classes; // 2
 */
export function treesRunModel(
  settings: TreesModelSettings,
  encoding: TreeEncoding,
  own?: OwnCellMaker | null,
): TreeClassifier {
  const { cell, hidden, features, dropout } = checkSettings("treesRunModel", settings, kinds);
  check("treesRunModel", "encoding", encoding, treeEncodingKind);
  check("treesRunModel", "own", own, optional(orNull(func)));
  const { labels, words } = encoding;
  return treeClassifier({
    cell: treeCell(cell, { input: features, hidden }, own),
    hidden,
    words: words.length + 2,
    features,
    classes: labels.length,
    dropout,
  });
}

const schema: RunSchema = {
  task: "trees",
  settings: Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, entryOf(kind)])),
  complete: false,
};

/** Runs on trees. */
export const treesRun: RunKind<OpenedTreesRun> = {
  schema,
  encoding: { name: "encoding", ...entryOf(treeEncodingKind) },
  open(config, source, { cell }) {
    const encoding = storedEncoding(source, encodingFrom);
    const model = treesRunModel(knownSettings(config, schema), encoding, cell);
    const kept = keptWeights(source, model);
    const predictor = () => treePredictor(model, kept.params, encoding);
    const drawn = (leaves: number) => {
      // Two children for each node that is none of the leaves, from the root down.
      const nodes = Array.from({ length: 2 * leaves - 1 }, (_, i) =>
        i < leaves - 1 ? [2 * i + 1, 2 * i + 2] : [],
      );
      const forest = trees([{ children: nodes }], model.ports.length > 0 ? { ports: model.ports } : {});
      return { model, arguments: [zeros([forest.nodes], "int32"), forest] };
    };
    return { kind: "trees", config, encoding, model, ...kept, drawn, predictor };
  },
};

function encodingFrom(stored: unknown): TreeEncoding {
  if (!treeEncodingKind.accepts(stored)) throw new TypeError(`expected ${treeEncodingKind.words}`);
  return stored as TreeEncoding;
}
