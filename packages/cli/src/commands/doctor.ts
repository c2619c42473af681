import type { Command } from "commander";
import { version } from "../version.js";

/** Adds the options of `longspan doctor`. */
export function add(command: Command): void {
  command.option("--json", "print one JSON object").action(async (options: { json?: boolean }) => {
    const { doctor } = await import("../doctor.js");
    process.exitCode = await doctor(version, options);
  });
}
