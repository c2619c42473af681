import type { Command } from "commander";
import type { TranslateOptions } from "../command-options.js";
import { integer } from "../settings/kinds.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan translate`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train pairs made")
    .argument("[file]", "sources, one a line; standard input if not given")
    .option(
      "--beam <n>",
      "beginnings that are followed at a time; 1: always the most probable symbol",
      parserOf(integer(1)),
      4,
    )
    .option("--batch <n>", "lines that are written together", parserOf(integer(1)), 64)
    .action(async (run: string, file: string | undefined, options: TranslateOptions) => {
      const { translateRun } = await import("../jobs/pairs/translate.js");
      process.exitCode = await translateRun(run, file, options);
    });
}
