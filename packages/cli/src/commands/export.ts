import { type Command, Option } from "commander";
import { targets } from "../export/targets.js";
import { exitCode, Failure } from "../failure.js";

/** Adds the options of `longspan export`. */
export function add(command: Command): void {
  const variants = Object.entries(targets).map(([name, { help }]) => `${name}, ${help}`);
  command
    .argument("<run>", "the folder that longspan train made")
    .addOption(new Option("--to <form>", `write ${variants.join("; ")}`).choices(Object.keys(targets)))
    .option("--out <file>", "where to; named after the run by default")
    .option("--web <folder>", "write a page that runs the model in the browser, with all that it needs")
    .action(async (run: string, { to, out, web }: { to?: string; out?: string; web?: string }) => {
      if ((to === undefined) === (web === undefined))
        throw new Failure(
          "give either --to FORM, a file for other programs, or --web FOLDER, a page",
          exitCode.usage,
        );
      if (web !== undefined) {
        if (out !== undefined)
          throw new Failure("--out belongs to --to; --web names its folder itself", exitCode.usage);
        const { exportWeb } = await import("../export/export-web.js");
        return exportWeb(run, web);
      }
      const { exportFile } = await import("../export/export-file.js");
      return exportFile(run, to!, out);
    });
}
