import type { Command } from "commander";
import type { PredictOptions } from "../command-options.js";
import { choice } from "../settings/choice.js";
import { integer } from "../settings/kinds.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan predict`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train made")
    .argument("[file]", "inputs; standard input if not given")
    .option(
      "--format <name>",
      "what the inputs are: lines, jsonl, csv or tsv (default: by the file's name, else what suits the run)",
      parserOf(choice(["lines", "jsonl", "csv", "tsv"])),
    )
    .option("--skip-bad", "name inputs that are none on stderr, and go on")
    .option("--batch <n>", "inputs that are answered together", parserOf(integer(1)), 64)
    .option(
      "--length <n>",
      "of a run on a text: also go on with the n symbols that are most probable at each step (longspan sample draws instead)",
      parserOf(integer(0)),
    )
    .option(
      "--top <n>",
      "of a run on a text: how many of the most probable next symbols (default: 5)",
      parserOf(integer(1)),
    )
    .action(async (run: string, file: string | undefined, options: PredictOptions) => {
      const { kindOfRun } = await import("../jobs/of-run.js");
      const kind = kindOfRun(run);
      const predict = await kind?.predict?.();
      if (predict) {
        process.exitCode = await predict(run, file, options);
        return;
      }
      const { predictRun } = await import("../predict/predict-run.js");
      process.exitCode = await predictRun(kind, run, file, options);
    });
}
