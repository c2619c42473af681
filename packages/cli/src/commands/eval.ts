import type { Command } from "commander";
import type { EvalOptions } from "../command-options.js";

/** Adds the options of `longspan eval`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train text made")
    .argument("<path>", "a text file in UTF-8")
    .option("--skip-unknown", "leave out of the text what the model does not know")
    .option("--json", "print one JSON object on stdout")
    .action(async (run: string, path: string, options: EvalOptions) => {
      const { abilityOf } = await import("../jobs/of-run.js");
      const evalRun = await abilityOf(run, "eval")();
      process.exitCode = await evalRun(run, path, options);
    });
}
