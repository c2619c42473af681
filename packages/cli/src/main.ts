import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { syntheticProblemNames } from "longspan";
import { fileReason } from "longspan/node";
import { doctor } from "./doctor.js";
import { type EvalOptions, evalRun } from "./eval-run.js";
import { exitCode, Failure } from "./failure.js";
import { type InspectOptions, inspectRun } from "./inspect-run.js";
import { type SampleOptions, sampleRun } from "./sample-run.js";
import { anyInteger, integer, notNegative, shareOfAll } from "./settings/kinds.js";
import { addOptions, parserOf } from "./settings/options.js";
import { type CommandLine, resolveSettings } from "./settings/resolve.js";
import { trainSyntheticBeginning, trainSyntheticSettings } from "./settings/train-synthetic.js";
import { trainTextBeginning, trainTextSettings } from "./settings/train-text.js";
import { trainSynthetic } from "./train-synthetic.js";
import { trainText } from "./train-text.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

function command(): Command {
  const program = new Command("longspan")
    .description("Train recurrent nets on your own files, and use them")
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${fileReason(text)}\n`) });
  const train = program
    .command("train")
    .description("Train a model on a file of yours, or on a problem made for it");
  const text = train
    .command("text")
    .summary("Train a language model on a text, or go on with one")
    .description(`Train a language model on a text, or go on with one\n\n${trainTextBeginning}`)
    .argument("[path]", "a text file in UTF-8; with --resume, the run's own text if not given");
  addOptions(text, trainTextSettings).action(async (path: string | undefined, given: CommandLine) => {
    process.exitCode = await trainText(path, resolveSettings(trainTextSettings, given));
  });
  const synthetic = train
    .command("synthetic")
    .summary("Train a model on a problem of long-term dependency, or go on with it")
    .description(
      `Train a model on a problem of long-term dependency, or go on with it; its sequences never come twice\n\n${trainSyntheticBeginning}`,
    )
    .argument(
      "[task]",
      `one of ${syntheticProblemNames.join(", ")}; with --resume, the run's own if not given`,
    );
  addOptions(synthetic, trainSyntheticSettings).action(
    async (name: string | undefined, given: CommandLine) => {
      process.exitCode = await trainSynthetic(name, resolveSettings(trainSyntheticSettings, given));
    },
  );
  program
    .command("sample")
    .description("Draw a text from a trained model")
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
      process.exitCode = await sampleRun(path, options);
    });
  program
    .command("eval")
    .description("Measure a trained model on a text")
    .argument("<run>", "the folder that longspan train text made")
    .argument("<path>", "a text file in UTF-8")
    .option("--skip-unknown", "leave out of the text what the model does not know")
    .option("--json", "print one JSON object on stdout")
    .action(async (run: string, path: string, options: EvalOptions) => {
      process.exitCode = await evalRun(run, path, options);
    });
  program
    .command("inspect")
    .description("Show where gradients go in a trained model: how far back it can learn from")
    .argument("<run>", "the folder that longspan train made")
    .option("--data <path>", "a text file in UTF-8; the run's held-out text if not given")
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
      process.exitCode = await inspectRun(path, options);
    });
  program
    .command("doctor")
    .description("Show what there is to compute with, and how fast it is")
    .option("--json", "print one JSON object")
    .action(async (options: { json?: boolean }) => {
      process.exitCode = await doctor(version, options);
    });
  return program;
}

// A reader that went away, as in `longspan inspect run | head`: what is left to say is lost, and what is done is done to its end. A
// command that can end sooner listens for itself (`onInterrupt`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

try {
  await command().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCode.usage;
  } else {
    process.stderr.write(`error: ${fileReason(error)}\n`);
    if (process.env.LONGSPAN_DEBUG && !(error instanceof Failure)) console.error(error);
    process.exitCode = error instanceof Failure ? error.exitCode : exitCode.failure;
  }
}
