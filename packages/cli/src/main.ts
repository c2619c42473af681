import { Command, CommanderError } from "commander";
import { commands } from "./commands/index.js";
import { exitCode, Failure, oneLine } from "./failure.js";
import { version } from "./version.js";

/** The command line. Of the commands, those are loaded that are called for: words of the arguments name them. */
async function program(words: readonly string[]): Promise<Command> {
  const longspan = new Command("longspan")
    .description("Train recurrent nets on your own files, and use them")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
  for (const { name, description, load } of commands) {
    const command = longspan.command(name).description(description);
    if (words.includes(name)) (await load()).add(command);
  }
  return longspan;
}

/** An error in one line. */
async function lineOf(error: unknown): Promise<string> {
  if (error instanceof Failure) return oneLine(error.message);
  const { reasonOf } = await import("./reason-of.js");
  return reasonOf(error);
}

// A reader that went away, as in `longspan inspect run | head`: what is left to say is lost, and what is done is done to its end. A
// command that can end sooner listens for itself (`onInterrupt`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await (await program(process.argv.slice(2))).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCode.usage;
  } else {
    // Of several processes, one tells what all have.
    if (!(error instanceof Failure && error.name === "ToldElsewhere"))
      process.stderr.write(`error: ${await lineOf(error)}\n`);
    if (process.env.LONGSPAN_DEBUG && !(error instanceof Failure)) console.error(error);
    process.exitCode = error instanceof Failure ? error.exitCode : exitCode.failure;
  }
}
