import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const sources = ["packages/longspan/src", "packages/formats/src", "packages/mpi/src", "packages/cli/src"];
const kernels = "packages/longspan/kernels";

/** Names that once meant several things, or that only this library used, and what is said instead. */
const retired: Readonly<Record<string, string>> = {
  given: "value, settings, initials, argumentMemories: what it is that was passed",
  Given: "the type of what was passed",
  form: "variant, template, traversal, cut",
  forms: "variants",
  Form: "Traversal, RowCut",
  formOf: "traversalOf",
  place: "position, offset, location, range, operand, destination, storage",
  places: "positions, destinations, locations",
  Place: "MemoryRange, Storage",
  Placed: "BufferOperand",
  placeOf: "a name for what is found",
  plan: "scheduled, assignment, setup; the kernels have an execution plan",
  plans: "scheduled",
  Plan: "ScheduledProgram, CompiledOp",
  planned: "assigned",
  Planned: "BufferAssignment",
  BoundRuns: "BoundExecutions: a run is a training run",
  Course: "ExecutionPlan",
  Lane: "Worker",
  Crew: "ThreadPool",
  Work: "InstructionContext",
  kindOfWork: "layerKindOf",
  Trial: "RecordedCall",
  convexIn: "markModelOutputs",
  beneath: "outerDerivative",
  innermostUntreated: "fullInnermostGradient",
  nothing: "zeroState, or why there is none",
  pure: "capturable",
  tell: "report, record, notify",
  told: "settingsFor, observer, shown",
  judge: "verdictOf, score",
  judged: "scored",
  Judged: "ScoredSequence",
  Judgement: "Score",
};

/** Ways to say it that were given up, and what is said instead. */
const retiredPhrases: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/unless (it is |they are )?(given|asked|told|set)\b/, "by default"],
];

/** Module-level variables that are assigned again, and why each has to be. */
const assignedAgain: Readonly<Record<string, string>> = {
  "executors/choose.ts threadsWanted": "setThreads counts for executors that load later",
  "capture/call-signature.ts count": "the next number by which a signature names an object",
  "tensor/create.ts chosen": "the executor of tensors that are made from now on",
};

function filesUnder(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function parsed(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

/** The names that a file declares: variables, parameters, properties, functions, types. */
function declaredIn(file: ts.SourceFile): { name: string; line: number }[] {
  const found: { name: string; line: number }[] = [];
  const visit = (node: ts.Node): void => {
    const name = (node as { name?: ts.Node }).name;
    const declares = !ts.isPropertyAccessExpression(node) && !ts.isImportSpecifier(node);
    if (declares && name && ts.isIdentifier(name))
      found.push({ name: name.text, line: file.getLineAndCharacterOfPosition(name.getStart()).line + 1 });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe("names", () => {
  test("what is declared has none of the names that were given up", () => {
    const files = sources.flatMap((folder) => filesUnder(folder, /\.ts$/)).map(parsed);
    const declared = files.flatMap((file) => declaredIn(file).map((d) => ({ file: file.fileName, ...d })));
    expect(declared.length).toBeGreaterThan(10_000);
    const back = declared
      .filter(({ name }) => Object.hasOwn(retired, name))
      .map(({ file, name, line }) => `${relative(root, file)}:${line}: ${name}; say ${retired[name]}`);
    expect(back).toEqual([]);
  });

  test("nor has what the kernels declare", () => {
    const names = Object.keys(retired).filter((name) => /^[A-Z]/.test(name));
    const back = filesUnder(kernels, /\.(h|cc)$/).flatMap((file) => {
      const code = readFileSync(file, "utf8").replaceAll(/\/\*.*?\*\/|\/\/[^\n]*|"[^"\n]*"/gs, "");
      return names
        .filter((name) => new RegExp(`\\b${name}\\b`).test(code))
        .map((name) => `${relative(root, file)}: ${name}; say ${retired[name]}`);
    });
    expect(back).toEqual([]);
  });
});

test("docstrings and pages say it the usual way round", () => {
  const files = [...sources.flatMap((folder) => filesUnder(folder, /\.ts$/)), ...filesUnder("docs", /\.md$/)];
  const back = files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, i) =>
        retiredPhrases
          .filter(([phrase]) => phrase.test(line))
          .map(([, instead]) => `${relative(root, file)}:${i + 1}: say ${instead}: ${line.trim()}`),
      ),
  );
  expect(back).toEqual([]);
});

test("no module has a variable that is assigned again, except for these", () => {
  const folder = join(root, "packages/longspan/src");
  const found = filesUnder("packages/longspan/src", /\.ts$/).flatMap((path) =>
    parsed(path)
      .statements.filter(ts.isVariableStatement)
      .filter(({ declarationList: { flags } }) => (flags & ts.NodeFlags.Let) !== 0)
      .flatMap(({ declarationList }) => declarationList.declarations)
      .map(({ name }) => `${relative(folder, path)} ${name.getText()}`),
  );
  expect(found.sort()).toEqual(Object.keys(assignedAgain).sort());
});
