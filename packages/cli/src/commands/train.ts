import type { Command } from "commander";
import { kinds } from "../jobs/index.js";
import { addOptions } from "../settings/options.js";
import type { CommandLine } from "../settings/resolve.js";
import { schemaOf } from "../settings/schema.js";
import type { Table } from "../settings/setting.js";

/** Adds a command for each kind of job. @param words of the command line: with --help-all, the help shows every setting */
export function add(train: Command, jobs = kinds, words: readonly string[] = process.argv): void {
  const short = !words.includes("--help-all");
  for (const kind of jobs) {
    const { name, summary, description, argument, settings } = kind;
    const command = train
      .command(name)
      .summary(summary)
      .description(description)
      .argument(`[${argument.name}]`, argument.help);
    addOptions(command, settings, short);
    command.option("--help-all", "all settings, and what each depends on");
    command.on("option:help-all", () => command.help());
    if (short) command.addHelpText("after", `\n${further(settings)}: longspan train ${name} --help-all`);
    command.action(async (on: string | undefined, commandLine: CommandLine) => {
      if (commandLine.schema) {
        process.stdout.write(`${JSON.stringify(schemaOf(settings, `longspan train ${name}`), null, 2)}\n`);
        return;
      }
      const { runTraining } = await import("../run-training.js");
      process.exitCode = await runTraining(kind, on, commandLine);
    });
  }
}

/** How many settings a short help leaves out. */
function further(settings: Table): string {
  const count = Object.values(settings).filter(({ first }) => first === undefined).length;
  return `${count} further settings`;
}
