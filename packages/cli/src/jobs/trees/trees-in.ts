import { type LabelledTree, parseTree, parseTrees, TreeFormatError } from "longspan";
import { openTable, TableError, textLines } from "../../tables/index.js";

/** A tree as it was read. */
export interface RawTree {
  readonly tree: LabelledTree;
  readonly weight: number;
  /** The line where it begins. */
  readonly at: number;
}

/** Trees of a file, and how they are written. */
export interface RawTrees {
  readonly trees: readonly RawTree[];
  /** Whether brackets begin with a label. */
  readonly bracketLabels: boolean;
}

/** Reads the trees of a file. @throws TableError naming the file, the line and the column */
export async function treesIn(
  path: string,
  columns: { readonly label: string; readonly weight: string | null },
): Promise<RawTrees> {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(path) ? fromRows(path, columns) : fromLines(path);
}

async function fromRows(
  path: string,
  { label, weight }: { readonly label: string; readonly weight: string | null },
): Promise<RawTrees> {
  const table = await openTable(path, { format: "jsonl" });
  table.require("tree");
  const trees: RawTree[] = [];
  let bracketLabels: boolean | null = null;
  for await (const row of table.rows()) {
    // Where the rows say the class of the root, brackets hold words alone.
    bracketLabels ??= row.value(label) === undefined;
    const counts = weight === null ? 1 : row.number(weight);
    if (counts === null || counts < 0) throw row.fault(weight, "expected a number of at least 0");
    const tree = parsedTree(row.text("tree"), bracketLabels, (column, what) =>
      row.fault("tree", `character ${column}: ${what}`),
    );
    trees.push({
      tree: bracketLabels ? tree : withRoot(tree, row.text(label)),
      weight: counts,
      at: row.at,
    });
  }
  return { trees, bracketLabels: bracketLabels ?? true };
}

/** Lines of a class, a tab and a tree; or trees with labels, on one line or many. */
async function fromLines(path: string): Promise<RawTrees> {
  const trees: RawTree[] = [];
  let bracketLabels: boolean | null = null;
  // One at most: the lines of a tree that goes on.
  const open: OpenTree[] = [];
  for await (const { text, at } of textLines(path)) {
    if (open.length === 0 && text.trim() === "") continue;
    bracketLabels ??= /^\s*\(/.test(text);
    const fault = (column: number, what: string) => faultAt(path, at, column, what);
    if (!bracketLabels) {
      const tab = text.indexOf("\t");
      if (tab < 0) throw fault(1, "expected a class, a tab and a tree, as in the first line");
      const tree = parsedTree(text.slice(tab + 1), false, (column, what) => fault(tab + 1 + column, what));
      trees.push({ tree: withRoot(tree, text.slice(0, tab).trim()), weight: 1, at });
      continue;
    }
    const before = open.pop();
    const tree: OpenTree = {
      text: before === undefined ? text : `${before.text}\n${text}`,
      at: before?.at ?? at,
      depth: (before?.depth ?? 0) + opening(text),
    };
    if (tree.depth > 0) open.push(tree);
    else trees.push(...labelledTrees(path, tree));
  }
  for (const tree of open) trees.push(...labelledTrees(path, tree));
  return { trees, bracketLabels: bracketLabels ?? true };
}

/** Lines that a tree has begun in and not ended. */
interface OpenTree {
  readonly text: string;
  readonly at: number;
  /** Brackets that are open. */
  readonly depth: number;
}

/** How many more brackets open in a line than close. */
function opening(text: string): number {
  let depth = 0;
  for (const character of text) depth += character === "(" ? 1 : character === ")" ? -1 : 0;
  return depth;
}

function labelledTrees(
  path: string,
  { text, at }: { readonly text: string; readonly at: number },
): RawTree[] {
  try {
    return parseTrees(text).map((tree) => ({ tree, weight: 1, at }));
  } catch (error) {
    if (error instanceof TreeFormatError)
      throw faultAt(path, at + error.line - 1, error.column, error.reason);
    throw error;
  }
}

function parsedTree(
  text: string,
  labels: boolean,
  fault: (column: number, what: string) => Error,
): LabelledTree {
  try {
    return parseTree(text, { labels });
  } catch (error) {
    if (error instanceof TreeFormatError) throw fault(error.column, error.reason);
    throw error;
  }
}

function faultAt(path: string, line: number, column: number, what: string): TableError {
  return new TableError(path, { unit: "line", number: line }, null, `character ${column}: ${what}`);
}

/** A tree with a class at its root. */
function withRoot(tree: LabelledTree, label: string): LabelledTree {
  return { ...tree, labels: tree.labels.map((own, node) => (node === 0 ? label : own)) };
}
