import type { Command } from "commander";

/** Adds the options of `longspan export`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train made")
    .requiredOption(
      "--web <folder>",
      "write a page that runs the model in the browser, with all that it needs",
    )
    .action(async (run: string, { web }: { web: string }) => {
      const { exportWeb } = await import("../export/export-web.js");
      await exportWeb(run, web);
    });
}
