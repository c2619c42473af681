import { balancedWeights, type ClassifiedTree, heldOutPart, type TreeEncoding, treeEncoder } from "longspan";
import type { ReadExamples, ReadRequest } from "../../example-jobs/index.js";
import { Failure } from "../../failure.js";
import { counted, type RunLine, whole } from "../../run-lines.js";
import { TableError } from "../../tables/index.js";
import type { TreesSettings } from "./settings.js";
import { type RawTree, treesIn } from "./trees-in.js";

/** Reads trees, and puts them into numbers. */
export async function readTrees({
  path,
  settings,
  encoding: known,
  whole: all,
  key,
}: ReadRequest<TreesSettings, TreeEncoding>): Promise<ReadExamples<ClassifiedTree, TreeEncoding>> {
  const { label, weight, balance, valid, minCount } = settings;
  const { trees, bracketLabels } = await treesIn(path, { label, weight: all ? null : weight });
  if (trees.length === 0) throw new Failure(`${path} holds no tree`);
  const labels = known?.labels ?? labelsOf(trees);
  if (labels.length < 2)
    throw new Failure(
      labels.length === 0
        ? `${path}: no node has a label; write them after opening brackets, as in (3 (2 It) (4 works)), or a class and a tab before each tree`
        : `${path}: all nodes have the label ${JSON.stringify(labels[0])}; there is nothing to tell apart`,
    );
  const numbers = new Map(labels.map((name, i) => [name, i]));
  if (known) for (const tree of trees) checkLabels(path, tree, numbers);
  const roots = trees.map(({ tree }) => numbers.get(tree.labels[0]!) ?? labels.length);
  const everything = { train: new Int32Array(0), valid: Int32Array.from(trees.keys()) };
  const parts = all ? everything : heldOutPart(trees.length, { share: valid, key, strata: roots });
  const own = known ?? {
    labels,
    words: wordsOf(
      Array.from(parts.train, (i) => trees[i]!),
      minCount,
    ),
    bracketLabels,
  };
  const encode = treeEncoder(own);
  const examples = (part: Int32Array) => Array.from(part, (i) => encode(trees[i]!.tree));
  const train = examples(parts.train);
  return {
    encoding: own,
    train,
    valid: examples(parts.valid),
    weights: weightsOf(trees, roots, parts.train, weight !== null, balance),
    summary: summaryOf(trees, labels, own, train),
  };
}

function labelsOf(trees: readonly RawTree[]): string[] {
  const names = [...new Set(trees.flatMap(({ tree }) => tree.labels))].filter((name) => name !== "");
  const numeric = names.every((name) => Number.isFinite(Number(name)));
  return numeric ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}

function checkLabels(path: string, { tree, at }: RawTree, numbers: ReadonlyMap<string, number>): void {
  const unseen = tree.labels.find((name) => name !== "" && !numbers.has(name));
  if (unseen !== undefined)
    throw new TableError(
      path,
      { unit: "line", number: at },
      null,
      `the label ${JSON.stringify(unseen)} was not seen in training; the labels are ${[...numbers.keys()].join(", ")}`,
    );
}

/** The words of trees by falling frequency. */
function wordsOf(trees: readonly RawTree[], least: number): string[] {
  const counts = new Map<string, number>();
  for (const { tree } of trees)
    for (const word of tree.words) if (word !== null) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count >= least)
    .sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1))
    .map(([word]) => word);
}

function weightsOf(
  trees: readonly RawTree[],
  roots: readonly number[],
  train: Int32Array,
  weighted: boolean,
  balance: boolean,
): Float64Array | null {
  if ((!weighted && !balance) || train.length === 0) return null;
  const balanced = balance ? balancedWeights(Int32Array.from(train, (i) => roots[i]!)) : null;
  return Float64Array.from(train, (i, k) => trees[i]!.weight * (balanced?.[k] ?? 1));
}

function summaryOf(
  trees: readonly RawTree[],
  labels: readonly string[],
  { words }: TreeEncoding,
  train: readonly ClassifiedTree[],
): RunLine[] {
  const nodes = trees.reduce((n, { tree }) => n + tree.children.length, 0);
  const labelled = trees.reduce((n, { tree }) => n + tree.labels.filter((name) => name !== "").length, 0);
  const rootless = trees.filter(({ tree }) => tree.labels[0] === "").length;
  const none = train.filter(({ labels: all }) => Array.from(all).every((label) => label < 0)).length;
  return [
    ["classes", `${labels.length > 12 ? `${labels.length}` : labels.join(", ")}`],
    ["nodes", `${whole(nodes)}, ${whole(labelled)} with a class; ${counted(words.length, "word")}`],
    ...(rootless > 0 || none > 0
      ? [
          [
            "missing",
            `${counted(rootless, "tree")} without a class at the root: their other nodes count`,
          ] as const,
        ]
      : []),
  ];
}
