import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { exitCode, Failure, oneLine } from "./failure.js";
import { count, integer, integerUpTo, notNegative, positive, positiveInteger, rate } from "./options.js";
import { cells } from "./run-folder.js";
import { type SampleOptions, sampleRun } from "./sample-run.js";
import { type TrainTextOptions, trainText } from "./train-text.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

function command(): Command {
  const program = new Command("longspan")
    .description("Train recurrent nets on your own files, and use them")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
  const train = program.command("train").description("Train a model on a file of yours");
  train
    .command("text")
    .description("Train a character language model on a text")
    .argument("<path>", "a text file in UTF-8; its last 10 % are held out for validation")
    .addOption(new Option("--cell <name>", "the recurrent cell").choices(cells).default("lstm"))
    .option("--hidden <units>", "units per layer", integerUpTo(4096), 128)
    .option("--layers <n>", "recurrent layers", integerUpTo(64), 1)
    .option("--embed <features>", "features per character", integerUpTo(4096), 64)
    .option("--seq <n>", "characters per stream and step: how far gradients reach back", positiveInteger, 64)
    .option("--batch <n>", "streams read side by side", positiveInteger, 16)
    .addOption(
      new Option("--steps <n>", "train for so many steps").argParser(positiveInteger).conflicts("minutes"),
    )
    .option("--minutes <m>", "train for so many minutes; 10 if neither this nor --steps is given", positive)
    .option("--lr <rate>", "highest learning rate (Adam); it falls to 0 at the end", positive, 8e-3)
    .option("--clip <norm>", "longest gradient: longer ones are scaled down", positive, 1)
    .option(
      "--dropout <rate>",
      "share of features dropped in training: embeddings, between layers, before the output",
      rate,
      0,
    )
    .option("--seed <n>", "of all random numbers", integer, 1)
    .option("--out <folder>", "folder for the trained model; runs/NAME, after the text, if not given")
    .option("--force", "replace the model that --out holds already")
    .option("--json", "print one JSON object per event on stdout")
    .action(async (path: string, options: TrainTextOptions) => {
      process.exitCode = await trainText(path, options);
    });
  program
    .command("sample")
    .description("Draw a text from a trained model")
    .argument("<run>", "the folder that longspan train text made")
    .option("--length <n>", "characters to draw", count, 500)
    .option("--temperature <t>", "below 1: more of the probable; 0: the most probable only", notNegative, 0.8)
    .option("--seed <n>", "another seed draws another text", integer, 1)
    .option("--prompt <text>", "the text that it begins with", "")
    .action(async (path: string, options: SampleOptions) => {
      process.exitCode = await sampleRun(path, options);
    });
  return program;
}

try {
  await command().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCode.usage;
  } else {
    process.stderr.write(`error: ${oneLine(error)}\n`);
    if (process.env.LONGSPAN_DEBUG && !(error instanceof Failure)) console.error(error);
    process.exitCode = error instanceof Failure ? error.exitCode : exitCode.failure;
  }
}
