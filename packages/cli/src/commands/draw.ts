import type { Command } from "commander";
import type { DrawRunOptions } from "../command-options.js";
import { choice } from "../settings/choice.js";
import { integer } from "../settings/kinds.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan draw`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train made")
    .option("--unfolded <n>", "draw n steps side by side instead of the circuit", parserOf(integer(1, 60)))
    .option(
      "--detail <detail>",
      "variables, units or operations (default: units, or variables where there are many units)",
      parserOf(choice(["variables", "units", "operations"])),
    )
    .option("--out <file>", "an .svg or .png file (default: SVG on stdout)")
    .action(async (run: string, options: DrawRunOptions) => {
      const { drawRun } = await import("../draw-run.js");
      await drawRun(run, options);
    });
}
