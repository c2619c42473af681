import type { Command } from "commander";
import type { SampleOptions } from "../command-options.js";
import { anyInteger, integer, notNegative, shareOfAll } from "../settings/kinds.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan sample`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train text made")
    .option("--length <n>", "characters or words to draw", parserOf(integer(0)), 500)
    .option(
      "--temperature <t>",
      "below 1: more of the probable; 0: the most probable only",
      parserOf(notNegative),
      0.8,
    )
    .option("--top-k <n>", "draw from the n most probable only", parserOf(integer(1)))
    .option(
      "--top-p <share>",
      "draw from the most probable that together have this share only",
      parserOf(shareOfAll),
    )
    .option("--seed <n>", "another seed draws another text", parserOf(anyInteger), 1)
    .option("--prompt <text>", "the text that it begins with", "")
    .option("--skip-unknown", "leave out of the prompt what the model does not know")
    .action(async (path: string, options: SampleOptions) => {
      const { abilityOf } = await import("../jobs/of-run.js");
      const sampleRun = await abilityOf(path, "sample")();
      process.exitCode = await sampleRun(path, options);
    });
}
