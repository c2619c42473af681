import type { Command } from "commander";
import { syntheticProblemNames } from "longspan";
import { addOptions } from "../settings/options.js";
import type { CommandLine } from "../settings/resolve.js";
import { trainSyntheticBeginning, trainSyntheticSettings } from "../settings/train-synthetic.js";
import { trainTextBeginning, trainTextSettings } from "../settings/train-text.js";

/** Adds the options of `longspan train`. */
export function add(train: Command): void {
  const text = train
    .command("text")
    .summary("Train a language model on a text, or go on with one")
    .description(`Train a language model on a text, or go on with one\n\n${trainTextBeginning}`)
    .argument("[path]", "a text file in UTF-8; with --resume, the run's own text if not given");
  addOptions(text, trainTextSettings).action(async (path: string | undefined, given: CommandLine) => {
    const { trainText } = await import("../train-text.js");
    const { resolveSettings } = await import("../settings/resolve.js");
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
      const { trainSynthetic } = await import("../train-synthetic.js");
      const { resolveSettings } = await import("../settings/resolve.js");
      process.exitCode = await trainSynthetic(name, resolveSettings(trainSyntheticSettings, given));
    },
  );
}
