import { isRecord } from "../check/index.js";
import type { AnySequenceLayer } from "../nn/index.js";
import { seriesStream } from "../tasks/series/series-stream.js";
import type { RunTalk } from "./run-talk.js";
import type { OpenedSeriesRun } from "./series-run.js";

/** Streams of runs on time series: after each value, the distribution of the next. Null where all steps are forecast at once. */
export function seriesTalk({ model, params, setup }: OpenedSeriesRun): RunTalk | null {
  if (setup.way === "direct") return null;
  const others = setup.covariates.length > 0 ? ", with covariates" : "";
  return {
    model: model as unknown as AnySequenceLayer,
    params,
    input: `a value, a list of values or null, or a record { values }${others}; the first input of a stream sets the scale, so it has as much of the past as there is`,
    talk() {
      const stream = seriesStream(setup, params);
      return {
        read: (value) =>
          stream.read(isRecord(value) ? value : { values: Array.isArray(value) ? value : [value] }),
      };
    },
  };
}
