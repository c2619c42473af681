import { SeriesError } from "./series-error.js";
import type { TimeSeries } from "./time-series.js";

/**
 * What is made of values before anything else, and undone in what is shown: nothing; the natural logarithm, for series that grow by shares; or
 * asinh(y), which is near log(2 y) for large values and takes zero and negative ones.
 */
export type ValueTransform = "none" | "log" | "asinh";

/** How values are changed, and changed back. */
export interface Transforming {
  /** The series as a net reads it; the same for the same series. @throws SeriesError if a value cannot be changed */
  series(raw: TimeSeries): TimeSeries;
  /** A value as it is shown. */
  back(value: number): number;
}

/** What a setup does with values. @param transform absent in setups that came before there was one */
export function transforming({ transform = "none" }: { readonly transform?: ValueTransform }): Transforming {
  if (transform === "none") return { series: (raw) => raw, back: (value) => value };
  const changed = new WeakMap<TimeSeries, TimeSeries>();
  const change = transform === "log" ? Math.log : Math.asinh;
  return {
    series(raw) {
      const known = changed.get(raw);
      if (known) return known;
      if (transform === "log") refuseNotPositive(raw);
      const found = { ...raw, values: raw.values.map(change) };
      changed.set(raw, found);
      return found;
    },
    back: transform === "log" ? Math.exp : Math.sinh,
  };
}

/** @throws SeriesError */
function refuseNotPositive({ id, values }: TimeSeries): void {
  const found = values.find((value) => value <= 0);
  if (found === undefined) return;
  throw new SeriesError(
    null,
    "target",
    `${id === "" ? "the series" : JSON.stringify(id)} has the value ${Number(found.toPrecision(6))}, which has no logarithm; take the transform asinh, which takes zero and negative values, or none`,
  );
}
