import { join } from "node:path";
import { runFiles } from "longspan";
import { readMetrics } from "longspan/node";
import { Failure } from "../../failure.js";
import type { TextEvent } from "./events.js";
import type { TrainedOn } from "./lengths.js";

/** What a run was trained on, as its events tell. @throws Failure if they do not */
export function trainedOn(run: string): TrainedOn {
  const start = (readMetrics(run) as TextEvent[]).find((event) => event.event === "start");
  if (!start)
    throw new Failure(
      `${join(run, runFiles.metrics)} does not say what ${run} was trained on, so which lengths it has seen is not known; leave out --lengths`,
    );
  return { batch: start.settings.batch, symbols: start.characters.train };
}
