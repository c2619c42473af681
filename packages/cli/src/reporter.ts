import colours from "picocolors";
import type { RunEvent } from "./events.js";
import type { Lines, RunLine } from "./run-lines.js";
import { TimeLeft } from "./time-left.js";

/** What reporters know of any event. */
export interface AnyEvent {
  readonly event: string;
  /** Of progress events: the share of the budget that is used up. */
  readonly fraction?: number;
}

/** Tells the user what happens in a run. */
export interface Reporter<E extends AnyEvent = RunEvent> {
  report(event: E): void;
  /** Takes a live line away, before something else is printed. It comes back with the next event. */
  clear(): void;
  /** Leaves the output as other programs expect it; to be called at the end, whatever the end was. */
  close(): void;
}

/** What reporters write to: a stream that may be a terminal. */
export type Output = Pick<NodeJS.WriteStream, "write" | "on" | "off"> &
  Partial<Pick<NodeJS.WriteStream, "isTTY" | "columns">>;

/** How a reporter tells things. */
export interface ReporterOptions<E> {
  /** What is said of events. */
  readonly lines: Lines<E>;
  /** The time in milliseconds. */
  readonly now?: () => number;
}

/** One JSON object per event. */
export function jsonReporter(out: Pick<Output, "write">): Reporter<AnyEvent> {
  return { report: (event) => void out.write(`${JSON.stringify(event)}\n`), clear() {}, close() {} };
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

/** Whether a line limiter has a say in it. */
export function isFrequent(event: string): event is "progress" | "valid" | "explosion" {
  return event === "progress" || event === "valid" || event === "explosion";
}

/** Whether a line holds what a run is about. */
export function isBold(event: string, [label]: RunLine): boolean {
  return event === "valid" || (event === "done" && label !== "done");
}

/** Lines for people and for files: no escapes, and not more of them than can be read. */
export function plainReporter<E extends AnyEvent>(
  out: Output,
  { lines, now = () => performance.now() }: ReporterOptions<E>,
): Reporter<E> {
  const { bold, dim } = colours.createColors(out.isTTY === true && colours.isColorSupported);
  const timeLeft = new TimeLeft(now);
  const due = lineLimiter(now);
  return {
    report(event) {
      const left = timeLeft.after(event);
      if (isFrequent(event.event) && !due(event.event)) return;
      for (const entry of lines.of(event, left)) {
        const [label, text] = entry;
        out.write(`${dim(label.padEnd(9))} ${isBold(event.event, entry) ? bold(text) : text}\n`);
      }
    },
    clear() {},
    close() {},
  };
}
