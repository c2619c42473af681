import { once } from "node:events";
import { InputError, type Predictor } from "longspan";
import type { PredictOptions } from "../command-options.js";
import { exitCode, Failure } from "../failure.js";
import { onInterrupt } from "../interrupt.js";
import type { JobKind } from "../jobs/job.js";
import { openTrained } from "../own-cell.js";
import { counted } from "../run-lines.js";
import { nameOf, standardInput } from "../tables/blocks.js";
import type { Input } from "./inputs.js";
import { formatByName, inBlocks, inputBlocks } from "./read-inputs.js";

/**
 * Answers inputs from a file, or from standard input, with a line of JSON each, in their order: what the run's model says, with the line that
 * it is about, and the input's own `id` if it has one. Returns the exit code.
 */
export async function predictRun(
  kind: JobKind | undefined,
  run: string,
  file: string | undefined,
  { format, skipBad = false, batch, ...asked }: PredictOptions,
): Promise<number> {
  const opened = await openTrained(run, await kind?.opens?.());
  refuseOthers(opened.kind, asked, kind?.asks ?? []);
  const predictor = (opened as Askable).predictor?.(asked);
  if (predictor === undefined)
    throw new Failure(`${run} is a run of the kind ${opened.kind}, which answers no inputs`);
  const path = file ?? standardInput;
  const own =
    format === undefined ? ((await kind?.inputs?.())?.(path, opened.config.settings) ?? null) : null;
  const written = format ?? formatByName(path) ?? predictor.format;
  const blocks = own ? inBlocks(own) : inputBlocks(path, written);
  // Lines come as many at a time as are there, and none waits for the next; what comes one by one would be slow so.
  const together = own === null && (written === "lines" || written === "jsonl") ? 1 : batch;
  const interrupt = onInterrupt(() => {});
  const answers = new Answers(predictor, nameOf(path), skipBad);
  try {
    let waiting: Input[] = [];
    for await (const block of blocks) {
      waiting.push(...block);
      while (waiting.length >= together && waiting.length > 0) {
        await answers.write(waiting.slice(0, batch));
        waiting = waiting.slice(batch);
        if (interrupt.signal.aborted) return exitCode.interrupted;
      }
    }
    if (waiting.length > 0) await answers.write(waiting);
  } finally {
    interrupt.release();
  }
  if (answers.skipped > 0)
    process.stderr.write(
      `${counted(answers.skipped, "input")} left out, ${counted(answers.answered, "answer")} given\n`,
    );
  return 0;
}

/** A run whose predictor takes options, where its kind has such. */
interface Askable {
  predictor?(options: object): Predictor;
}

/** @throws Failure for an option that the kind of run has no use for */
function refuseOthers(kind: string, asked: object, known: readonly string[]): void {
  const other = Object.keys(asked).find((name) => !known.includes(name));
  if (other !== undefined)
    throw new Failure(
      `--${other} has no effect on a run of longspan train ${kind}; leave it out`,
      exitCode.usage,
    );
}

/** Writes answers to stdout, and what is wrong with inputs to stderr. */
class Answers {
  answered = 0;
  skipped = 0;

  constructor(
    private readonly predictor: Predictor,
    private readonly name: string,
    private readonly skipBad: boolean,
  ) {}

  /** @throws Failure at the first input that is none, after the answers to those before it, unless such are left out */
  async write(inputs: readonly Input[]): Promise<void> {
    const good: { readonly line: number; readonly id: unknown; readonly input: unknown }[] = [];
    let bad: string | null = null;
    for (const input of inputs) {
      try {
        if ("problem" in input) throw input.problem;
        const { line, value } = input;
        good.push({ line, id: idOf(value), input: this.predictor.read(value) });
      } catch (error) {
        bad = this.wordsOf(error, input.line);
        if (!this.skipBad) break;
        process.stderr.write(`${bad}\n`);
        this.skipped += 1;
      }
    }
    const answers = await this.predictor.predict(good.map(({ input }) => input));
    const lines = answers.map((answer, k) => {
      const { line, id } = good[k]!;
      return `${JSON.stringify({ line, ...(id === undefined ? {} : { id }), ...answer })}\n`;
    });
    this.answered += lines.length;
    if (lines.length > 0 && !process.stdout.write(lines.join(""))) await drained();
    if (bad !== null && !this.skipBad) throw new Failure(`${bad}; --skip-bad names such inputs and goes on`);
  }

  private wordsOf(error: unknown, line: number): string {
    if (!(error instanceof InputError)) return (error as Error).message;
    const column = error.column === undefined ? "" : `, column ${error.column}`;
    return `${this.name}, line ${line}${column}: ${error.message}; an input is ${this.predictor.input}`;
  }
}

/** Waits until what was written went out, or the reader went away: then there is nobody to wait for. */
async function drained(): Promise<void> {
  await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]).catch(() => {});
}

function idOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly id?: unknown }).id
    : undefined;
}
