import colours from "picocolors";
import {
  type AnyEvent,
  isBold,
  isFrequent,
  lineLimiter,
  type Output,
  type Reporter,
  type ReporterOptions,
} from "./reporter.js";
import type { RunLine } from "./run-lines.js";
import { displayWidth, withoutControls, wrapped } from "./terminal-text.js";
import { TimeLeft } from "./time-left.js";

const csi = "\u001b[";
/** To the beginning of the row, and everything from there on away. */
const eraseBelow = `\r${csi}J`;
const rowUp = `${csi}1A`;

/** Columns of a label and the space after it. */
const labelColumns = 10;

/** Columns left free at the end of the live line: for the ^C that a terminal shows, and because a full row may break. */
const spare = 3;

/**
 * Lines for people in a terminal: the last one is alive, rewritten in place at each report and cut to the terminal's
 * width, and validations stay above it. The cursor is never hidden, so a process that dies leaves nothing to repair.
 */
export function liveReporter<E extends AnyEvent>(
  out: Output,
  { lines, now = () => performance.now() }: ReporterOptions<E>,
): Reporter<E> {
  const { bold, dim } = colours.createColors(colours.isColorSupported);
  const timeLeft = new TimeLeft(now);
  const due = lineLimiter(now);
  let latest: { readonly event: E; readonly left: number } | null = null;
  /** What stands in the live line now. */
  let shown = "";

  // A terminal that has no width, or none yet, is taken to be of the usual one.
  const columns = () => out.columns || 80;

  const clear = () => {
    if (shown === "") return;
    // A terminal that has become narrower has broken the line into rows.
    const rows = Math.ceil(displayWidth(shown) / columns());
    out.write(rowUp.repeat(Math.max(0, rows - 1)) + eraseBelow);
    shown = "";
  };
  const draw = () => {
    if (!latest) return;
    clear();
    shown = lines.live(latest.event, latest.left, columns() - spare);
    out.write(shown.replace(/^step/, dim("step")));
  };
  const line = ([label, text]: RunLine, emphasis: (text: string) => string) => {
    const whole = label.padEnd(labelColumns) + withoutControls(text);
    const rows = wrapped(whole, columns(), labelColumns);
    out.write(`${dim(rows.slice(0, labelColumns))}${emphasis(rows.slice(labelColumns))}\n`);
  };
  out.on("resize", draw);

  return {
    report(event) {
      const left = timeLeft.after(event);
      if (event.event === "progress") {
        latest = { event, left };
        draw();
        return;
      }
      clear();
      const { event: kind } = event;
      if (!isFrequent(kind) || due(kind))
        for (const entry of lines.of(event, left)) line(entry, isBold(kind, entry) ? bold : (text) => text);
      if (isFrequent(kind) || kind === "flow") draw();
      else if (kind !== "start" && kind !== "resumed") latest = null;
    },
    clear,
    close() {
      clear();
      latest = null;
      out.off("resize", draw);
    },
  };
}
