import colours from "picocolors";
import type { ProgressEvent } from "./events.js";
import { lineLimiter, type Output, type Reporter, type ReporterOptions } from "./reporter.js";
import { type RunLine, runLines } from "./run-lines.js";
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
export function liveReporter(out: Output, { now = () => performance.now() }: ReporterOptions = {}): Reporter {
  const { bold, dim } = colours.createColors(colours.isColorSupported);
  const timeLeft = new TimeLeft(now);
  const due = lineLimiter(now);
  let words = runLines("char");
  let latest: { readonly event: ProgressEvent; readonly left: number } | null = null;
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
    shown = words.live(latest.event, latest.left, columns() - spare);
    out.write(shown.replace(/^step/, dim("step")));
  };
  const line = ([label, text]: RunLine, emphasis = (text: string) => text) => {
    const whole = label.padEnd(labelColumns) + withoutControls(text);
    const lines = wrapped(whole, columns(), labelColumns);
    out.write(`${dim(lines.slice(0, labelColumns))}${emphasis(lines.slice(labelColumns))}\n`);
  };
  out.on("resize", draw);

  return {
    tell(event) {
      const left = timeLeft.after(event);
      if (event.event === "progress") {
        latest = { event, left };
        draw();
        return;
      }
      clear();
      switch (event.event) {
        case "start":
          words = runLines(event.level);
          for (const entry of words.introduction(event)) line(entry);
          return;
        case "resumed":
          line(words.resumed(event));
          return;
        case "valid":
          if (due("valid")) line(words.valid(event), bold);
          draw();
          return;
        case "explosion":
          if (due("explosion")) line(words.explosion(event));
          draw();
          return;
        case "done":
          for (const entry of words.done(event)) line(entry, entry[0] === "done" ? undefined : bold);
      }
      latest = null;
    },
    clear,
    close() {
      clear();
      latest = null;
      out.off("resize", draw);
    },
  };
}
