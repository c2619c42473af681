import type { Command } from "commander";
import { exitCode, Failure } from "../failure.js";

/** Adds the argument of `longspan schema`. */
export function add(command: Command): void {
  command.argument("<kind>", "a kind of job, as in longspan train KIND").action(async (name: string) => {
    const { kinds } = await import("../jobs/index.js");
    const kind = kinds.find((known) => known.name === name);
    if (kind === undefined) {
      const { suggestion } = await import("longspan/node");
      const names = kinds.map((known) => known.name);
      throw new Failure(
        `there is no kind of job ${name}${suggestion(name, names)}; the kinds are ${names.join(", ")}`,
        exitCode.usage,
      );
    }
    const { schemaOf } = await import("../settings/schema.js");
    const title = `longspan train ${name}`;
    process.stdout.write(`${JSON.stringify(schemaOf(kind.settings, title), null, 2)}\n`);
  });
}
