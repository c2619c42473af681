import type { Command } from "commander";
import type { InspectOptions } from "../command-options.js";
import { integer } from "../settings/kinds.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan inspect`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train made")
    .option("--data <path>", "data to look at; what the run held out if not given")
    .option("--curvature", "also show second derivatives against the lag; takes longer")
    .option(
      "--steps <n>",
      "length of the segments (default: the run's --seq, at least 100)",
      parserOf(integer(1)),
    )
    .option("--sequences <n>", "segments that are read", parserOf(integer(1)), 8)
    .option("--out <folder>", "where flow.html and the pictures go (default: the run's folder)")
    .option("--json", "print the report as one JSON object on stdout")
    .action(async (path: string, options: InspectOptions) => {
      const { inspectRun } = await import("../inspect-run.js");
      process.exitCode = await inspectRun(path, options);
    });
}
