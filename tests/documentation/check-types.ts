import { relative, resolve } from "node:path";
import ts from "typescript";
import { type Export, entries, root, type Snippet } from "./snippets.js";

/** Type-checks snippets as modules of this folder, under the settings of the tests. */
export class TypeChecker {
  private readonly options: ts.CompilerOptions;
  private readonly host: ts.CompilerHost;
  private readonly modules = new Map<string, string>();
  private readonly library: ts.Program;

  constructor() {
    const unrecoverable = (d: ts.Diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(d.messageText, "\n"));
    };
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: unrecoverable };
    this.options = ts.getParsedCommandLineOfConfigFile(
      resolve(root, "tsconfig.test.json"),
      {},
      host,
    )!.options;
    this.host = ts.createCompilerHost(this.options);
    const { fileExists, readFile } = this.host;
    this.host.fileExists = (file) => this.modules.has(file) || fileExists(file);
    this.host.readFile = (file) => this.modules.get(file) ?? readFile(file);
    const files = Object.values(entries).map((file) => resolve(root, file));
    this.library = ts.createProgram(files, this.options, this.host);
  }

  /** The names that the library exports; one that several entries export is taken from the first. */
  exports(): ReadonlyMap<string, Export> {
    const checker = this.library.getTypeChecker();
    const found = new Map<string, Export>();
    for (const [from, file] of Object.entries(entries))
      for (const s of checker.getExportsOfModule(
        checker.getSymbolAtLocation(this.library.getSourceFile(resolve(root, file))!)!,
      )) {
        const target = s.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(s) : s;
        if (!found.has(s.name))
          found.set(s.name, { from, kind: kindOf(target, checker), examples: examplePlaces(target) });
      }
    return found;
  }

  /** The errors, as `file:line: message`. A block that continues another is held to account for its own lines only. */
  errors(snippets: readonly Snippet[]): string[] {
    const paths = snippets.map((snippet, i) => {
      const path = resolve(root, `tests/documentation/snippet${i}.ts`);
      this.modules.set(path, snippet.code);
      return path;
    });
    const program = ts.createProgram(paths, this.options, this.host, this.library);
    return snippets.flatMap((snippet, i) => {
      const source = program.getSourceFile(paths[i]!)!;
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].flatMap(
        (d) => {
          const line = snippet.line + source.getLineAndCharacterOfPosition(d.start ?? 0).line;
          if (line < snippet.place) return [];
          return `${snippet.file}:${line}: ${ts.flattenDiagnosticMessageText(d.messageText, "\n")}`;
        },
      );
    });
  }
}

function kindOf(symbol: ts.Symbol, checker: ts.TypeChecker): Export["kind"] {
  if ((symbol.flags & ts.SymbolFlags.Value) === 0) return "type";
  if (symbol.flags & ts.SymbolFlags.Class) {
    const isError = checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(symbol), "stack") !== undefined;
    return isError ? "error" : "class";
  }
  return checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0 ? "function" : "constant";
}

/** Where the `@example`s of a symbol's docstrings begin, as `file:line`. */
function examplePlaces(symbol: ts.Symbol): string[] {
  return (symbol.declarations ?? []).flatMap((declaration) =>
    ts
      .getJSDocTags(declaration)
      .filter((tag) => tag.tagName.text === "example")
      .map((tag) => {
        const source = tag.getSourceFile();
        const { line } = source.getLineAndCharacterOfPosition(tag.getStart());
        return `${relative(root, source.fileName)}:${line + 1}`;
      }),
  );
}
