import { check, isRecord, kind, listOf, text as textKind } from "../../check/index.js";
import { type LabelledTree, parseTree, TreeFormatError } from "../../data/index.js";
import { fromArray, scope, type Tensor, type Traceable } from "../../tensor/index.js";
import { argmaxOf, softmaxOf } from "../classification/argmax-of.js";
import { InputError, type Predictor } from "../predictor.js";
import type { ClassifiedTree } from "./classified-tree.js";
import type { TreeClassifier } from "./tree-classifier.js";
import { packTrees } from "./tree-learner.js";

/** What puts trees into numbers, and names their classes. */
export interface TreeEncoding {
  readonly labels: readonly string[];
  readonly words: readonly string[];
  /** Whether brackets begin with a label, as in `(3 (2 It) (4 works))`; else all that stands in them is words: `((the cat) sat)`. */
  readonly bracketLabels: boolean;
}

const texts = listOf(textKind, "a list of texts");

/** What is stored of it. */
export const treeEncodingKind = kind(
  "a record { labels, words, bracketLabels }",
  (value) =>
    isRecord(value) &&
    texts.accepts(value.labels) &&
    (value.labels as unknown[]).length > 0 &&
    texts.accepts(value.words) &&
    typeof value.bracketLabels === "boolean",
);

/** Numbers of words that stand for no word, and for one that is not known. */
export const [noWord, unknownTreeWord] = [0, 1];

/**
 * Puts trees into numbers: word 0 stands for none, 1 for one that is not known; a label that is not known, or none, is -1.
 * @example
 * const encode = treeEncoder({ labels: ["no", "yes"], words: ["good"], bracketLabels: true });
 * encode(parseTree("(yes (no not) (yes good))")).words; // [0, 1, 2]
 */
export function treeEncoder(encoding: TreeEncoding): (tree: LabelledTree) => ClassifiedTree {
  check("treeEncoder", "encoding", encoding, treeEncodingKind);
  const byWord = new Map(encoding.words.map((word, i) => [word, i + 2]));
  const byLabel = new Map(encoding.labels.map((label, i) => [label, i]));
  return (tree) => {
    check("treeEncoder(encoding)", "tree", tree, treeKind);
    return {
      children: tree.children,
      words: tree.words.map((word) => (word === null ? noWord : (byWord.get(word) ?? unknownTreeWord))),
      labels: tree.labels.map((label) => byLabel.get(label) ?? -1),
    };
  };
}

const treeKind = kind(
  "a tree, such as parseTree gives",
  (value) => isRecord(value) && Array.isArray(value.children) && Array.isArray(value.words),
);

/** Says which class trees are of, and each of their nodes. */
export function treePredictor<P>(
  model: TreeClassifier<P>,
  params: P,
  encoding: TreeEncoding,
): Predictor<ClassifiedTree> {
  const { labels, bracketLabels } = encoding;
  const encode = treeEncoder(encoding);
  const example = bracketLabels ? "(x (x It) (x works))" : "((the cat) sat)";
  return {
    input: `a tree in brackets, such as ${example}, or a record { tree } with one`,
    format: "lines",
    read(value) {
      const found = isRecord(value) ? value.tree : value;
      if (typeof found !== "string")
        throw new InputError("the tree is missing", isRecord(value) ? { path: "tree" } : {});
      try {
        return encode(parseTree(found, { labels: bracketLabels }));
      } catch (error) {
        if (!(error instanceof TreeFormatError)) throw error;
        throw new InputError(error.reason, { column: error.column });
      }
    },
    async predict(inputs) {
      if (inputs.length === 0) return [];
      // Every node is asked about: those that joining adds have no answer.
      const asked = inputs.map((tree) => ({ ...tree, labels: new Int32Array(tree.children.length) }));
      const { structure, words, rows } = packTrees(asked, model.ports, null);
      const logits = scope(
        () =>
          model.apply(params as Traceable<P>, fromArray(words, [words.length], "int32"), structure, {
            rows,
          }) as Tensor,
      );
      const found = await logits.data();
      logits.dispose();
      const { order, sequenceOf } = structure.parts;
      const begin = new Map<number, number>();
      for (let row = 0; row < structure.nodes; row++) {
        const s = sequenceOf[row]!;
        begin.set(s, Math.min(begin.get(s) ?? Number.POSITIVE_INFINITY, order[row]!));
      }
      const answers = inputs.map(({ children }) => new Array<string>(children.length));
      const roots = new Array<object>(inputs.length);
      for (const [k, row] of rows.entries()) {
        const s = sequenceOf[row]!;
        const node = order[row]! - begin.get(s)!;
        const best = argmaxOf(found, k * labels.length, labels.length);
        answers[s]![node] = labels[best]!;
        if (node === 0)
          roots[s] = {
            label: labels[best]!,
            probability: softmaxOf(found, k * labels.length, labels.length)[best]!,
          };
      }
      return roots.map((root, s) => ({ ...root, nodes: answers[s]! }));
    },
  };
}
