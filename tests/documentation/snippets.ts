import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** The packages that programs import, by name, with their folders. */
const packages: Readonly<Record<string, string>> = {
  longspan: "packages/longspan",
  "longspan-formats": "packages/formats",
  "longspan-mpi": "packages/mpi",
};

/** The source of each entry of these packages, by the name under which it is imported: what the package exports. */
export const entries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(packages).flatMap(([name, folder]) =>
    Object.entries(readJson(`${folder}/package.json`).exports as Record<string, { readonly default: string }>)
      .filter(([entry]) => !/\.(json|wasm)$/.test(entry))
      .map(([entry, to]) => [
        join(name, entry),
        join(folder, to.default.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts")),
      ]),
  ),
);

/** A piece of code in a page or a docstring. */
export interface Snippet {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Its first line in that file, counted from 1. */
  readonly place: number;
  /** The text of a module. It may begin with the code of the snippets that this one continues. */
  readonly code: string;
  /** The line of the file that the first line of `code` has; earlier than `place` for a continuation. */
  readonly line: number;
}

/**
 * A fenced `ts` block of a page. A block `ts continued` goes on in the module of the block before it: it is run after
 * that one's code, and what it prints counts from the mark on.
 */
export interface Block extends Snippet {
  /** What it is said to print: the text block that follows, or null. */
  readonly output: Fence | null;
  /** The line above an ignored block, which should say why; null if the block is to be run. */
  readonly ignored: string | null;
}

/** A fenced block: its info string, the lines of its fences (from 0) and what lies between. */
interface Fence {
  readonly info: string;
  readonly open: number;
  readonly close: number;
  readonly text: string;
}

/** The pages whose code is run. */
export function pages(): string[] {
  const readmes = [
    "README.md",
    "packages/longspan/README.md",
    "packages/formats/README.md",
    "packages/mpi/README.md",
    "packages/cli/README.md",
  ];
  return [...readmes.filter((file) => existsSync(resolve(root, file))), ...filesIn("docs", ".md")];
}

/** Every fence of a page is one of these; code in another language would escape the test. */
export const languages = ["ts", "ts continued", "ts ignore", "text", "sh", "yaml", "js", "html"];

/** Printed between a block and the one that continues it. */
export const mark = "continued:";

export function fencesOf(page: string): Fence[] {
  const lines = linesOf(page);
  const fences: Fence[] = [];
  for (let open = 0; open < lines.length; open++) {
    if (!lines[open]!.startsWith("```")) continue;
    const close = lines.indexOf("```", open + 1);
    if (close < 0) throw new Error(`${page}:${open + 1}: the block is not closed`);
    const text = lines.slice(open + 1, close).join("\n");
    fences.push({ info: lines[open]!.slice(3).trim(), open, close, text });
    open = close;
  }
  return fences;
}

/** The `ts` blocks of a page. */
export function blocksOf(page: string): Block[] {
  const lines = linesOf(page);
  const fences = fencesOf(page);
  let before = "";
  return fences.flatMap((fence, i) => {
    if (!fence.info.startsWith("ts")) return [];
    const ignored = fence.info === "ts ignore" ? (lines[fence.open - 1] ?? "") : null;
    const head = fence.info === "ts continued" ? `${before}\nconsole.log("${mark}");\n` : "";
    const code = head + fence.text;
    if (ignored === null) before = code;
    const next = fences[i + 1];
    const follows =
      next?.info === "text" && lines.slice(fence.close + 1, next.open).every((line) => line.trim() === "");
    const place = fence.open + 2;
    const line = place - (head.split("\n").length - 1);
    return { file: page, place, code, line, output: follows ? next : null, ignored };
  });
}

/** A name that the library exports. */
export interface Export {
  /** The entry that exports it. */
  readonly from: string;
  readonly kind: "type" | "constant" | "function" | "class" | "error";
  /** Where the examples of its docstring begin, as `file:line`. */
  readonly examples: readonly string[];
}

/**
 * The `@example`s of the library's docstrings. They need no imports: the names of the library that occur in one are
 * imported around it, where the example's own declarations may hide them.
 */
export function examples(exports: ReadonlyMap<string, Export>): Snippet[] {
  const files = Object.values(packages).flatMap((folder) => filesIn(`${folder}/src`, ".ts"));
  return files.flatMap((file) => {
    const found: Snippet[] = [];
    let example: { line: number; lines: string[] } | null = null;
    let inComment = false;
    const finish = () => {
      if (example) {
        const { line, lines } = example;
        found.push({ file, place: line, code: withImports(lines.join("\n"), exports), line });
      }
      example = null;
    };
    linesOf(file).forEach((text, i) => {
      const begins = text.trimStart().startsWith("/**");
      if (begins) inComment = true;
      if (!inComment) return;
      const body = text
        .trim()
        .replace(/^\/\*\*/, "")
        .replace(/\*\/$/, "")
        .replace(/^\* ?/, "")
        .trimEnd();
      if (/^\s*@\w/.test(body)) finish();
      const start = /^\s*@example\b ?(.*)$/.exec(body);
      if (start) example = { line: i + 1, lines: [start[1]!] };
      else if (example) example.lines.push(body);
      if (text.trimEnd().endsWith("*/")) {
        finish();
        inComment = false;
      }
    });
    return found;
  });
}

/** The imports stand on the example's first line, so that line numbers stay. */
function withImports(code: string, exports: ReadonlyMap<string, Export>): string {
  const imports = [...new Set(code.match(/[A-Za-z_]\w*/g))].flatMap((name) => {
    const found = exports.get(name);
    return found ? `import { ${found.kind === "type" ? "type " : ""}${name} } from "${found.from}";` : [];
  });
  return `${imports.join(" ")} {${code}\n}`;
}

/** The relative links of a page whose file, or heading in a page, does not exist. */
export function brokenLinks(page: string): string[] {
  return prose(page).flatMap((line) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
      if (/^[a-z]+:/.test(link!)) return [];
      const [path, heading] = link!.split("#") as [string, string?];
      const target = path === "" ? page : join(dirname(page), path);
      const found = existsSync(resolve(root, target)) && (!heading || headings(target).includes(heading));
      return found ? [] : [link!];
    }),
  );
}

/** The names by which a page's headings are linked. */
function headings(page: string): string[] {
  return prose(page)
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, "")
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
}

function prose(page: string): string[] {
  const fences = fencesOf(page);
  return linesOf(page).filter((_, i) => !fences.some((fence) => i >= fence.open && i <= fence.close));
}

export function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(resolve(root, file), "utf8"));
}

export function linesOf(file: string): string[] {
  return readFileSync(resolve(root, file), "utf8").split("\n");
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(resolve(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file))
    .sort();
}
