import { liveReporter } from "./live-reporter.js";
import { type AnyEvent, jsonReporter, type Output, plainReporter, type Reporter } from "./reporter.js";
import type { Lines } from "./run-lines.js";

/** Events as JSON, a live line in a terminal that can rewrite it, plain lines elsewhere. */
export function chooseReporter<E extends AnyEvent>(out: Output, json: boolean, lines: Lines<E>): Reporter<E> {
  if (json) return jsonReporter(out);
  return out.isTTY && process.env.TERM !== "dumb"
    ? liveReporter(out, { lines })
    : plainReporter(out, { lines });
}
