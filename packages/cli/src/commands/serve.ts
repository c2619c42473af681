import type { Command } from "commander";
import type { ServeOptions } from "../command-options.js";
import { integer, positive } from "../settings/kinds.js";
import { parserOf } from "../settings/options.js";

/** Adds the options of `longspan serve`. */
export function add(command: Command): void {
  command
    .argument("<run>", "the folder that longspan train made")
    .option("--host <address>", "the address to listen at; 0.0.0.0 for all networks", "127.0.0.1")
    .option("--port <n>", "the port to listen at; 0 for any that is free", parserOf(integer(0, 65535)), 8080)
    .option("--max-body <bytes>", "the largest body of a request", parserOf(integer(1)), 1_000_000)
    .option("--max-streams <n>", "streams at once", parserOf(integer(1)), 10_000)
    .option("--idle <seconds>", "after which a stream that nobody uses is closed", parserOf(positive), 300)
    .option("--rate <n>", "requests per second from one address; 0: any number", parserOf(integer(0)), 0)
    .option("--timeout <seconds>", "that a request may take", parserOf(positive), 30)
    .option(
      "--max-waiting <n>",
      "steps or inputs that may wait to be computed",
      parserOf(integer(1)),
      100_000,
    )
    .action(async (path: string, options: ServeOptions) => {
      const { serveCommand } = await import("../serve-run.js");
      process.exitCode = await serveCommand(path, options);
    });
}
