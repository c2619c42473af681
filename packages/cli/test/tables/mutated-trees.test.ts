import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { treesIn } from "../../src/jobs/trees/trees-in.js";
import { TableError } from "../../src/tables/index.js";
import { freshFolder } from "../command.js";
import { mutated } from "./mutations.js";

// All of them: LONGSPAN_MUTATIONS=50000 npx vitest run packages/cli/test/tables/mutated-trees.test.ts
const count = Number(process.env.LONGSPAN_MUTATIONS ?? 1000);
const { path: folder, remove } = freshFolder();
afterAll(remove);

/** A node with its label, and its word or its children. */
interface Node {
  label: string;
  word: string | null;
  children: Node[];
}

/** What is no tree, wherever. */
class Broken extends Error {}

/** Trees in brackets by recursive descent, as slowly as can be: the meaning of the format. */
function naive(text: string, hasLabels: boolean): Node[] {
  let rest = text.trimStart();
  const word = () => {
    const [token] = /^[^\s()]+/.exec(rest) ?? [];
    if (token !== undefined) rest = rest.slice(token.length).trimStart();
    return token;
  };
  const node = (): Node => {
    rest = rest.slice(1).trimStart();
    const label = (hasLabels ? word() : undefined) ?? "";
    const children: Node[] = [];
    let endsInWord = false;
    while (!rest.startsWith(")")) {
      if (rest === "") throw new Broken();
      const token = word();
      endsInWord = token !== undefined;
      children.push(token === undefined ? node() : { label: "", word: token, children: [] });
    }
    rest = rest.slice(1).trimStart();
    if (children.length === 0) throw new Broken();
    const alone = children.length === 1 && endsInWord;
    return alone ? { label, word: children[0]!.word, children: [] } : { label, word: null, children };
  };
  const found: Node[] = [];
  while (rest !== "") {
    if (rest.startsWith("(")) found.push(node());
    else {
      const token = hasLabels ? undefined : word();
      if (token === undefined) throw new Broken();
      found.push({ label: "", word: token, children: [] });
    }
  }
  return hasLabels ? found.map(withoutBareTop) : found;
}

function withoutBareTop(node: Node): Node {
  return node.label === "" && node.children.length === 1 ? withoutBareTop(node.children[0]!) : node;
}

/** The file by its rules; null where it is broken. */
function expectedOf(bytes: Uint8Array): Node[] | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll("\r\n", "\n");
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    if (lines.length === 0 || /^\s*\(/.test(lines[0]!)) return naive(text, true);
    return lines.map((line) => {
      const [label, ...tree] = line.split("\t");
      if (tree.length === 0) throw new Broken();
      const found = naive(tree.join("\t"), false);
      if (found.length !== 1) throw new Broken();
      return { ...found[0]!, label: label!.trim() };
    });
  } catch {
    return null;
  }
}

/** Of what was read, the nodes from the root down. */
function nested({ children, labels, words }: Awaited<ReturnType<typeof treesIn>>["trees"][number]["tree"]) {
  const at = (node: number): Node => ({
    label: labels[node]!,
    word: words[node]!,
    children: children[node]!.map(at),
  });
  return at(0);
}

async function each(name: string, text: string) {
  const path = join(folder, name);
  const interesting = [..."() \t\n\r0a"].map((c) => c.charCodeAt(0)).concat(0, 0xff, 0xef, 0x80);
  const tally = { read: 0, refused: 0 };
  for (let k = 0; k < count; k++) {
    const bytes = mutated(new TextEncoder().encode(text), k, interesting);
    writeFileSync(path, bytes);
    const expected = expectedOf(bytes);
    const told = JSON.stringify(Buffer.from(bytes).toString("latin1"));
    try {
      const { trees } = await treesIn(path, { label: "label", weight: null });
      expect(expected, `mutation ${k} was read: ${told}`).not.toBeNull();
      expect(trees.map(({ tree }) => nested(tree))).toEqual(expected);
      tally.read += 1;
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      if (!isOfBytes(error.message))
        expect(expected, `mutation ${k} was refused, ${error.message}: ${told}`).toBeNull();
      checkPosition(error.message, path, bytes);
      tally.refused += 1;
    }
  }
  // Both happen often, or nothing was tried.
  expect(Math.min(tally.read, tally.refused)).toBeGreaterThan(count / 10);
}

/** The message is one line with the file, the line and the column, and there stands what it speaks of. */
function checkPosition(message: string, path: string, bytes: Uint8Array) {
  expect(message).not.toMatch(/[\r\n]/);
  if (isOfBytes(message)) return;
  expect(message.slice(path.length)).toMatch(/^, line /);
  const [, line, column, what] =
    /^, line (\d+): character (\d+): (.*)$/.exec(message.slice(path.length)) ?? [];
  expect(what, message).toBeDefined();
  const text = new TextDecoder().decode(bytes);
  const there = text.split("\n")[Number(line) - 1]!.slice(Number(column) - 1);
  if (what!.startsWith("a bracket closes")) expect(there[0]).toBe(")");
  else if (what!.startsWith("the bracket")) expect(there[0]).toBe("(");
  else if (what!.includes("stands outside"))
    expect(what!.startsWith(JSON.stringify(/^[^\s()]+/.exec(there)![0]))).toBe(true);
  else if (what!.startsWith("a second tree")) expect(there).toMatch(/^[^\s)]/);
  else expect(what).toMatch(/^(expected a class, a tab and a tree|there is no tree)/);
}

/** Whether the file is refused before its lines are looked at. */
function isOfBytes(message: string): boolean {
  return /UTF-8|UTF-16/.test(message);
}

describe("trees in brackets that were damaged are read as their rules say, or refused", () => {
  it("with labels", async () => {
    await each(
      "labels.txt",
      "(3 (2 It) (4 (2 works) (3 well)))\n( (1 é) )\n(1 (2 or) (0\n  (1 not) (0 🙂)))\n",
    );
  }, 300_000);

  it("with a class before each", async () => {
    await each(
      "classes.txt",
      "0\t( ( the cat ) sat )\n1\tword\nlong\t((é) (a b) ((c)))\n\n0\t( 1 ( 2 3 ) )\n",
    );
  }, 300_000);
});
