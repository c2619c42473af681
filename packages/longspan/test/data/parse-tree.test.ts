import { parseTree, parseTrees, TreeFormatError, trees } from "longspan";
import { expect, test } from "vitest";

test("a sentence of the Penn treebank: labels, words, brackets without a label around it, on several lines", () => {
  const tree = parseTree(`
    ( (S
        (NP-SBJ (DT The) (NN cat))
        (VP (VBD sat) (PP (IN on) (NP (DT the) (NN mat))))
        (. .)) )`);
  expect(tree.labels.join(" ")).toBe("S NP-SBJ DT NN VP VBD PP IN NP DT NN .");
  expect(tree.words.map((word) => word ?? "-").join(" ")).toBe("- - The cat - sat - on - the mat .");
  expect(tree.children[0]).toEqual([1, 4, 11]);
  expect(tree.children[8]).toEqual([9, 10]);
  const structure = trees([tree]);
  expect([structure.nodes, structure.levels]).toEqual([12, 5]);
});

test("a sentence of the Stanford sentiment treebank: a label at every node", () => {
  const tree = parseTree("(3 (2 It) (4 (4 (2 's) (4 good)) (2 -LRB-)))");
  expect(tree).toEqual({
    children: [[1, 2], [], [3, 6], [4, 5], [], [], []],
    labels: ["3", "2", "4", "4", "2", "4", "2"],
    words: [null, "It", null, null, "'s", "good", "-LRB-"],
  });
});

test("words beside brackets are leaves without a label; a node has any number of children", () => {
  expect(parseTree("(NP the (JJ big) red dog)")).toEqual({
    children: [[1, 2, 3, 4], [], [], [], []],
    labels: ["NP", "", "JJ", "", ""],
    words: [null, "the", "big", "red", "dog"],
  });
  expect(parseTree("(A (B (C c)))").children).toEqual([[1], [2], []]);
});

test("without labels all is words; a word alone is a tree", () => {
  const tree = parseTree("( ( [MAX 2 ) ( ( [MIN 4 ) ] ) )", { labels: false });
  expect(tree.children).toEqual([[1, 4], [2, 3], [], [], [5, 8], [6, 7], [], [], []]);
  expect(tree.words.filter((word) => word !== null).join(" ")).toBe("[MAX 2 [MIN 4 ]");
  expect(tree.labels.every((label) => label === "")).toBe(true);
  expect(parseTree("7", { labels: false })).toEqual({ children: [[]], labels: [""], words: ["7"] });
});

test("a file: a tree per line, or on many lines; none in an empty one", () => {
  const found = parseTrees("(1 (2 a) (2 b))\r\n(3 c)\n\n(4 (0 d)\n  (0 e))\n");
  expect(found.map(({ words }) => words.filter((w) => w !== null).join(""))).toEqual(["ab", "c", "de"]);
  expect(parseTrees(" \n")).toEqual([]);
});

test("depth costs no stack", () => {
  const deep = 20_000;
  const tree = parseTree(`${"(a ".repeat(deep)}x${")".repeat(deep)}`);
  expect(tree.children.length).toBe(deep);
  expect(tree.words[deep - 1]).toBe("x");
});

test.each([
  ["(S (NP a)", 1, 1, "the bracket that opens here is never closed"],
  ["(1 a)\n\n  (1 (2 b)\n(3 c)", 3, 3, "the bracket that opens here is never closed"],
  ["(S a))", 1, 6, "a bracket closes that was never opened"],
  ["(S a)\n  ()", 2, 3, "the brackets are empty"],
  ["(S (NP) (VP b))", 1, 4, 'the brackets hold the label "NP" and neither a word nor a tree'],
  [
    "(S a)\n dog",
    2,
    2,
    '"dog" stands outside of brackets; a tree is written (label word) or (label tree tree ...)',
  ],
] as const)("what is no tree is refused with its line and column: %j", (text, line, column, reason) => {
  expect(() => parseTrees(text)).toThrow(new TreeFormatError(line, column, reason));
  expect(() => parseTrees(text)).toThrow(`trees: line ${line}, column ${column}: ${reason}`);
});

test("one tree is asked for", () => {
  expect(() => parseTree(" ")).toThrow("trees: line 1, column 1: there is no tree");
  expect(() => parseTree("(a b)\n (c d)")).toThrow(
    "trees: line 2, column 2: a second tree begins; parseTree reads one, parseTrees any number",
  );
});
