import type { Command } from "commander";
import type { ForecastOptions } from "../command-options.js";
import { choice } from "../settings/choice.js";
import { integer } from "../settings/kinds.js";
import { levelList } from "../settings/levels.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan forecast`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train series made")
    .argument("[table]", "a table of time series to go on with; the run's own if not given")
    .option("--horizon <steps>", "steps ahead (default: those of the run)", parserOf(integer(1, 10_000)))
    .option(
      "--quantiles <levels>",
      "levels of the quantiles, with commas between them",
      parserOf(levelList),
      [0.1, 0.5, 0.9],
    )
    .option(
      "--format <format>",
      "csv or jsonl (default: by --out, else csv)",
      parserOf(choice(["csv", "jsonl"])),
    )
    .option("--out <file>", "a file for the forecasts (default: stdout)")
    .action(async (run: string, table: string | undefined, options: ForecastOptions) => {
      const { abilityOf } = await import("../jobs/of-run.js");
      const forecastRun = await abilityOf(run, "forecast")();
      process.exitCode = await forecastRun(run, table, options);
    });
}
