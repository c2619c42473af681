import colours from "picocolors";
import type { TrainEvent } from "./events.js";
import { type RunLine, runLines } from "./run-lines.js";
import { TimeLeft } from "./time-left.js";

/** Tells the user what happens in a run. */
export interface Reporter {
  tell(event: TrainEvent): void;
  /** Takes a live line away, before something else is printed. It comes back with the next event. */
  clear(): void;
  /** Leaves the output as other programs expect it; to be called at the end, whatever the end was. */
  close(): void;
}

/** What reporters write to: a stream that may be a terminal. */
export type Output = Pick<NodeJS.WriteStream, "write" | "on" | "off"> &
  Partial<Pick<NodeJS.WriteStream, "isTTY" | "columns">>;

/** How a reporter tells the time, in milliseconds. */
export interface ReporterOptions {
  readonly now?: () => number;
}

/** One JSON object per event. */
export function jsonReporter(out: Pick<Output, "write">): Reporter {
  return { tell: (event) => void out.write(`${JSON.stringify(event)}\n`), clear() {}, close() {} };
}

/** Least time between lines that come again and again, in milliseconds. */
const quiet = 5000;

/**
 * Says whether it is time for another line of a kind: those of validations and explosions if none came lately, progress lines if no line did.
 * The first validation and the first explosion are always told.
 */
export function lineLimiter(now: () => number): (kind: "progress" | "valid" | "explosion") => boolean {
  const last = { progress: now(), valid: Number.NEGATIVE_INFINITY, explosion: Number.NEGATIVE_INFINITY };
  return (kind) => {
    const time = now();
    if (time - last[kind] < quiet || (kind === "progress" && time - last.valid < quiet)) return false;
    last[kind] = time;
    return true;
  };
}

/** Lines for people and for files: no escapes, and not more of them than can be read. */
export function plainReporter(
  out: Output,
  { now = () => performance.now() }: ReporterOptions = {},
): Reporter {
  const { bold, dim } = colours.createColors(out.isTTY === true && colours.isColorSupported);
  const line = ([label, text]: RunLine, emphasis = (text: string) => text) =>
    out.write(`${dim(label.padEnd(9))} ${emphasis(text)}\n`);
  const timeLeft = new TimeLeft(now);
  const due = lineLimiter(now);
  let words = runLines("char");
  return {
    tell(event) {
      const left = timeLeft.after(event);
      switch (event.event) {
        case "start":
          words = runLines(event.level);
          for (const entry of words.introduction(event)) line(entry);
          break;
        case "resumed":
          line(words.resumed(event));
          break;
        case "progress":
          if (due("progress")) line(words.progress(event, left));
          break;
        case "valid":
          if (due("valid")) line(words.valid(event), bold);
          break;
        case "explosion":
          if (due("explosion")) line(words.explosion(event));
          break;
        case "done":
          for (const entry of words.done(event)) line(entry, entry[0] === "done" ? undefined : bold);
      }
    },
    clear() {},
    close() {},
  };
}
