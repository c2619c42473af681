import { defaultExecutor, leaves } from "longspan";
import type { RunFolder } from "longspan/node";
import type { DoneEvent, Facts, StartEvent } from "./events.js";
import type { Fitting } from "./jobs/job.js";
import { fitting as fittingIntoMemory } from "./run-control.js";
import type { RunRecorder } from "./run-recorder.js";
import type { CommonSettings } from "./settings/training.js";

/** Around a fit. */
interface Surroundings {
  readonly folder: RunFolder;
  readonly recorder: RunRecorder;
  readonly settings: CommonSettings;
}

/**
 * Finds parameters in one pass, and keeps them. There is nothing between the beginning and the end that could be lost: a run that was
 * interrupted is fitted again, to the same parameters. Returns null, or that no step was taken before it was interrupted.
 */
export async function fitted<P, F extends Facts>(
  fit: Fitting<P, F>,
  { folder, recorder, settings }: Surroundings,
): Promise<{ readonly step: number } | null> {
  const drawn = leaves(fittingIntoMemory(() => fit.init(), fit.remedy));
  const counts = {
    parameters: drawn.reduce((n, p) => n + (p.dtype === "int32" ? 0 : p.size), 0),
    executor: defaultExecutor().name,
  };
  recorder.record({ event: "start", ...fit.start, settings, ...counts, out: folder.path } as StartEvent);
  const begin = performance.now();
  const seconds = () => (performance.now() - begin) / 1000;
  const found = await fit.run();
  if (found !== null) {
    const took = seconds();
    await folder.saveWeights(found.params as object, 1);
    const facts = await found.record(took);
    if (facts !== null) {
      recorder.record({
        event: "done",
        steps: 1,
        ended: "fitted",
        ...facts,
        seconds: took,
        ...counts,
      } as DoneEvent);
      return null;
    }
  }
  recorder.record({ event: "stopped", steps: 0, out: folder.path, seconds: seconds() });
  return { step: 0 };
}
