import type { Command } from "commander";
import type { EvalOptions } from "../command-options.js";
import { lengthList } from "../settings/lengths.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan eval`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train made")
    .argument(
      "[path]",
      "data to measure it on; what the run held out, or fresh sequences of its problem, if not given",
    )
    .option("--skip-unknown", "leave out of the text what the model does not know")
    .option(
      "--lengths <lengths>",
      "also at these lengths, seen in training or not, such as 40,80,120",
      parserOf(lengthList),
    )
    .option("--json", "print one JSON object on stdout")
    .action(async (run: string, path: string | undefined, options: EvalOptions) => {
      const { abilityOf } = await import("../jobs/of-run.js");
      const evalRun = await abilityOf(run, "eval")();
      process.exitCode = await evalRun(run, path, options);
    });
}
