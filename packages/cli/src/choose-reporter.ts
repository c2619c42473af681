import { liveReporter } from "./live-reporter.js";
import { jsonReporter, type Output, plainReporter, type Reporter } from "./reporter.js";

/** Events as JSON, a live line in a terminal that can rewrite it, plain lines elsewhere. */
export function chooseReporter(out: Output, json: boolean): Reporter {
  if (json) return jsonReporter(out);
  return out.isTTY && process.env.TERM !== "dumb" ? liveReporter(out) : plainReporter(out);
}
