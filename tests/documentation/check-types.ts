import { resolve } from "node:path";
import ts from "typescript";
import { root, type Snippet } from "./snippets.js";

const entry = resolve(root, "packages/longspan/src/index.ts");

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
    this.library = ts.createProgram([entry], this.options, this.host);
  }

  /** Whether a name that the library exports is a type only; undefined for a name that it does not export. */
  isType(): (name: string) => boolean | undefined {
    const checker = this.library.getTypeChecker();
    const symbol = checker.getSymbolAtLocation(this.library.getSourceFile(entry)!)!;
    const exported = new Map(
      checker.getExportsOfModule(symbol).map((s) => {
        const target = s.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(s) : s;
        return [s.name, (target.flags & ts.SymbolFlags.Value) === 0];
      }),
    );
    return (name) => exported.get(name);
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
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        (d) => {
          const { line } = source.getLineAndCharacterOfPosition(d.start ?? 0);
          return `${snippet.file}:${snippet.line + line}: ${ts.flattenDiagnosticMessageText(d.messageText, "\n")}`;
        },
      );
    });
  }
}
