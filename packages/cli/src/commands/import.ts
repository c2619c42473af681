import type { Command } from "commander";
import type { ImportOptions } from "../command-options.js";

/** Adds the options of `longspan import`. */
export function add(command: Command): void {
  command
    .argument(
      "<file>",
      "a model file of longspan export --to model, or weights of PyTorch: .pt, .pth, .safetensors",
    )
    .requiredOption("--out <run>", "the folder of the run that is made")
    .option(
      "--vocabulary <file>",
      "the symbols of a language model of PyTorch, in the order of their numbers: a JSON list, a record from symbols to numbers, a vocabulary.json of a run, or a tokenizer.json",
    )
    .option("--cell <file>", "the module of a cell of yours, such as ./mine.mjs, where the model has one")
    .action(async (file: string, options: ImportOptions) => {
      const { importFile } = await import("../import/import-file.js");
      await importFile(file, options);
    });
}
