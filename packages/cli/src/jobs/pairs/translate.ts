import { once } from "node:events";
import type { TranslateOptions } from "../../command-options.js";
import { exitCode } from "../../failure.js";
import { onInterrupt } from "../../interrupt.js";
import { openTrained } from "../../own-cell.js";
import { standardInput } from "../../tables/blocks.js";
import { lineBlocks } from "../../tables/text-lines.js";

/**
 * Writes the target of each line of a file, or of standard input: a line for a line, so that the two can be laid side by side. A line without
 * text gives one without text. Returns the exit code.
 */
export async function translateRun(
  run: string,
  file: string | undefined,
  { beam, batch }: TranslateOptions,
): Promise<number> {
  const predictor = (await openTrained(run, "pairs")).predictor({ beam });
  const interrupt = onInterrupt(() => {});
  try {
    for await (const lines of lineBlocks(file ?? standardInput))
      for (let at = 0; at < lines.length; at += batch) {
        if (interrupt.signal.aborted) return exitCode.interrupted;
        const some = lines.slice(at, at + batch).map(({ text }) => text);
        const asked = some.filter((text) => text.trim() !== "");
        const answers = (await predictor.predict(asked)) as readonly { readonly target: string }[];
        let next = 0;
        const written = some.map((text) => (text.trim() === "" ? "" : inOneLine(answers[next++]!.target)));
        if (!process.stdout.write(`${written.join("\n")}\n`))
          await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]);
      }
    return 0;
  } finally {
    interrupt.release();
  }
}

function inOneLine(text: string): string {
  return text.replace(/[\r\n]+/gu, " ");
}
