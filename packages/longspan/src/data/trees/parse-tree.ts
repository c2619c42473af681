import { check, checkSettings, flag, optional, text as textKind } from "../../check/index.js";
import type { TreeNodes } from "../../unfold/index.js";

/** A tree as it was read: node 0 is the root, and a node stands before its children, from left to right. */
export interface LabelledTree extends TreeNodes {
  /** Per node: its label, such as `NP` or a sentiment `3`; "" where it has none. */
  readonly labels: readonly string[];
  /** Per node: the word at a leaf; null at the others. */
  readonly words: readonly (string | null)[];
}

/** How brackets are read. */
export interface ParseTreeOptions {
  /** Whether what follows an opening bracket is the label of the node; true by default. Without labels, all that stands in brackets is words. */
  readonly labels?: boolean;
}

/** A text in brackets that is no tree; the message names the line, the column and what is wrong there. */
export class TreeFormatError extends Error {
  override name = "TreeFormatError";

  constructor(
    /** The line, 1 for the first. */
    readonly line: number,
    /** The column in the line, 1 for the first character. */
    readonly column: number,
    /** What is wrong there. */
    readonly reason: string,
  ) {
    super(`trees: line ${line}, column ${column}: ${reason}`);
  }
}

/**
 * The tree that a text in brackets writes down.
 *
 * A pair of brackets is a node: first its label, then its word or its children. The Penn treebank and its kind are written so, with parts
 * of speech over words, and the Stanford sentiment treebank, with a sentiment at every node. Children may be any number, and words may
 * stand beside brackets: each is a leaf without a label. Brackets without a label around a whole tree, as the files of the Penn treebank
 * have them, are left out. With `labels: false` nodes have no labels, as in `((the cat) sat)`.
 *
 * `trees` takes what this gives. Values per node are laid in the order of the nodes, and `pack` brings them to rows.
 *
 * @throws TreeFormatError for what is no tree, and for more than one
 * @example
 * const tree = parseTree("(S (NP (DT the) (NN cat)) (VP (VBD sat)))");
 * tree.children // [[1, 4], [2, 3], [], [], [5], []]
 * tree.labels // ["S", "NP", "DT", "NN", "VP", "VBD"]
 * tree.words // [null, null, "the", "cat", null, "sat"]
 * trees([tree]).levels // 3
 */
export function parseTree(text: string, options?: ParseTreeOptions): LabelledTree {
  const found = treesIn("parseTree", text, options);
  if (found.length === 0) throw new TreeFormatError(1, 1, "there is no tree");
  if (found.length > 1) {
    const { line, column } = found[1]!;
    throw new TreeFormatError(
      line,
      column,
      "a second tree begins; parseTree reads one, parseTrees any number",
    );
  }
  return found[0]!.tree;
}

/**
 * All trees of a text, such as a file of a treebank: one after the other, on one line or many. See `parseTree` for the format.
 *
 * @throws TreeFormatError for the first that is none
 * @example parseTrees("(3 (2 It) (4 works))\n(1 (2 or) (1 not))").map((t) => t.labels[0]) // ["3", "1"]
 */
export function parseTrees(text: string, options?: ParseTreeOptions): LabelledTree[] {
  return treesIn("parseTrees", text, options).map(({ tree }) => tree);
}

interface Position {
  readonly line: number;
  readonly column: number;
}

interface Found extends Position {
  readonly tree: LabelledTree;
}

/** A bracket that is open: its node, and what it holds so far. */
interface Open extends Position {
  readonly node: number;
  /** Whether a label may still come. */
  awaitsLabel: boolean;
  /** Whether the last child is a word without brackets. */
  endsInWord: boolean;
}

function treesIn(what: string, text: string, options: ParseTreeOptions | undefined): Found[] {
  check(what, "text", text, textKind);
  const { labels: hasLabels = true } = checkSettings(what, options, { labels: optional(flag) });
  const found: Found[] = [];
  const open: Open[] = [];
  let tree = emptyTree();
  let begin: Position = { line: 1, column: 1 };
  const finish = () => {
    found.push({ ...begin, tree: hasLabels ? withoutBareBrackets(tree) : tree });
    tree = emptyTree();
  };
  const addNode = (word: string | null, at: Position): number => {
    const node = tree.children.push([]) - 1;
    tree.labels.push("");
    tree.words.push(word);
    const parent = open.at(-1);
    if (!parent) begin = at;
    else {
      parent.awaitsLabel = false;
      parent.endsInWord = word !== null;
      tree.children[parent.node]!.push(node);
    }
    return node;
  };

  for (const { token, ...at } of tokensOf(text)) {
    const inside = open.at(-1);
    if (token === "(") {
      open.push({ ...at, node: addNode(null, at), awaitsLabel: hasLabels, endsInWord: false });
    } else if (token === ")") {
      if (!inside) throw new TreeFormatError(at.line, at.column, "a bracket closes that was never opened");
      close(tree, inside);
      open.pop();
      if (open.length === 0) finish();
    } else if (inside?.awaitsLabel) {
      tree.labels[inside.node] = token;
      inside.awaitsLabel = false;
    } else if (inside) {
      addNode(token, at);
    } else if (hasLabels) {
      throw new TreeFormatError(
        at.line,
        at.column,
        `${JSON.stringify(token)} stands outside of brackets; a tree is written (label word) or (label tree tree ...)`,
      );
    } else {
      addNode(token, at);
      finish();
    }
  }
  const [first] = open;
  if (first)
    throw new TreeFormatError(first.line, first.column, "the bracket that opens here is never closed");
  return found;
}

interface Growing {
  readonly children: number[][];
  readonly labels: string[];
  readonly words: (string | null)[];
}

const emptyTree = (): Growing => ({ children: [], labels: [], words: [] });

/** A word that stands alone in its bracket is the word of the bracket's node. */
function close(tree: Growing, { node, line, column, endsInWord }: Open): void {
  const children = tree.children[node]!;
  if (children.length === 0) {
    const label = tree.labels[node]!;
    throw new TreeFormatError(
      line,
      column,
      label === ""
        ? "the brackets are empty"
        : `the brackets hold the label ${JSON.stringify(label)} and neither a word nor a tree`,
    );
  }
  if (children.length > 1 || !endsInWord) return;
  tree.words[node] = tree.words.pop()!;
  tree.labels.pop();
  tree.children.pop();
  tree.children[node] = [];
}

/** The tree without nodes at its top that have neither a label nor a second child. */
function withoutBareBrackets({ children, labels, words }: Growing): LabelledTree {
  let top = 0;
  while (labels[top] === "" && children[top]!.length === 1) top += 1;
  return {
    children: children.slice(top).map((list) => list.map((child) => child - top)),
    labels: labels.slice(top),
    words: words.slice(top),
  };
}

/** Brackets and what stands between them and white space, with where each begins. */
function* tokensOf(text: string): Generator<Position & { readonly token: string }> {
  let line = 1;
  let lineBegin = 0;
  for (const { 0: token, index } of text.matchAll(/\n|[()]|[^\s()]+/g)) {
    if (token === "\n") {
      line += 1;
      lineBegin = index + 1;
    } else yield { token, line, column: index - lineBegin + 1 };
  }
}
