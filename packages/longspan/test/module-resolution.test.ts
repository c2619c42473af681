// Types are found from every entry, also by TypeScript's older resolution ("node10", "node"), which knows no "exports".
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

const program = `
import { lstm, type Tensor } from "longspan";
import { defaultExecutor } from "longspan/engine";
import { jsonLinesFile } from "longspan/node";
export const cell: "lstm" | string = lstm({ input: 3, hidden: 4 }).name;
export const wrong: Tensor = defaultExecutor();
export const open: number = jsonLinesFile;
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "longspan-types-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(fileURLToPath(new URL("..", import.meta.url)), join(folder, "node_modules", "longspan"));
  writeFileSync(join(folder, "program.ts"), program);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["node10", ts.ModuleResolutionKind.Node10, ts.ModuleKind.ESNext],
  ["node16", ts.ModuleResolutionKind.Node16, ts.ModuleKind.Node16],
  ["bundler", ts.ModuleResolutionKind.Bundler, ts.ModuleKind.ESNext],
])("moduleResolution %s", (_, moduleResolution, module) => {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const options: ts.CompilerOptions = {
    module,
    moduleResolution,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const messages = ts
    .getPreEmitDiagnostics(ts.createProgram([join(folder, "program.ts")], options))
    .map(
      ({ code, messageText }) =>
        `${code} ${ts.flattenDiagnosticMessageText(messageText, "\n").split("\n")[0]}`,
    );
  // Nothing but the two mistakes of the program, which show that the types are the real ones.
  expect(messages).toEqual([
    expect.stringMatching(/^2740 Type 'Executor' is missing the following properties from type 'Tensor'/),
    expect.stringMatching(/^2322 Type '.*' is not assignable to type 'number'/),
  ]);
});
