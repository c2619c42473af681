import type { Command } from "commander";
import { kinds } from "../jobs/index.js";
import { addOptions } from "../settings/options.js";
import type { CommandLine } from "../settings/resolve.js";
import { schemaOf } from "../settings/schema.js";

/** Adds a command for each kind of job. */
export function add(train: Command, jobs = kinds): void {
  for (const kind of jobs) {
    const { name, summary, description, argument, settings } = kind;
    const command = train
      .command(name)
      .summary(summary)
      .description(description)
      .argument(`[${argument.name}]`, argument.help);
    addOptions(command, settings).action(async (on: string | undefined, commandLine: CommandLine) => {
      if (commandLine.schema) {
        process.stdout.write(`${JSON.stringify(schemaOf(settings, `longspan train ${name}`), null, 2)}\n`);
        return;
      }
      const { runTraining } = await import("../run-training.js");
      process.exitCode = await runTraining(kind, on, commandLine);
    });
  }
}
