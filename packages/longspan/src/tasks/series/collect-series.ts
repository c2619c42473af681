import {
  atLeastZero,
  checkSettings,
  isRecord,
  kind,
  listOf,
  oneOf,
  optional,
  type RequiredKind,
  text,
} from "../../check/index.js";
import { CovariateColumn, type CovariateConfig, covariateConfigKind } from "./covariate-column.js";
import { type Finding, finding } from "./finding.js";
import { type Frequency, inferFrequency, positionOf, type SeriesTimes, stepsBetween } from "./frequency.js";
import { SeriesError } from "./series-error.js";
import type { SeriesSet, TimeSeries } from "./time-series.js";
import { compactDay, readTime, styleOfDigits, type TimeStyle, understoodTimes, writeTime } from "./times.js";

/** One record of a long table. */
export interface SeriesRecord {
  /** Of the series it belongs to; all to one by default. */
  readonly id?: string;
  /** A date, a moment, a month, a year or a count; without one, the records of a series are steps one by one. */
  readonly time?: string | number;
  /** Null where it is missing. */
  readonly target: number | null;
  /** By name; missing where it is null or absent. */
  readonly covariates?: Readonly<Record<string, string | number | null>>;
  /** How much it counts in training, in any unit: at least 0; 1 by default. */
  readonly weight?: number;
}

/** How records are collected. */
export interface SeriesConfig {
  readonly covariates?: readonly CovariateConfig[];
  /** `times`, by default: steps are what the times say. `rows`: each record is a step, whatever its time. */
  readonly steps?: "times" | "rows";
  /** What a record is called in messages, before its number: such as `line`; `record` by default. */
  readonly word?: string;
}

/** Collects records into time series. */
export interface SeriesCollector {
  /** @param at the record's number in messages, such as the line of a file @throws SeriesError */
  add(record: SeriesRecord, at: number): void;
  /** The series. @throws SeriesError if there are none, or times do not fit together */
  finish(): SeriesSet;
}

/** What was collected of one series. */
interface Rows {
  readonly id: string;
  readonly times: number[];
  readonly records: number[];
  readonly values: number[];
  readonly covariates: number[][];
  readonly weights: number[];
}

/**
 * Collects records, one by one, into time series on an even axis: infers the frequency of their times, finds gaps and missing values,
 * and numbers the categories of covariates. The records of a series come in the order of their times; those of several may be mixed.
 *
 * @throws SeriesError from `add` and `finish`: a time that is none, twice, or out of order; one that does not fit the frequency; a covariate
 *   of numbers that is a text; a static one that changes within a series
 * @example
 * const collector = collectSeries();
 * [112, 118, 132].forEach((target, k) => collector.add({ time: `1949-0${k + 1}`, target }, k));
 * const { series, frequency } = collector.finish();
 * series[0]!.values.length; // 3
 * frequency.unit; // "month"
 */
export function collectSeries(config?: SeriesConfig): SeriesCollector {
  const {
    covariates: columns = [],
    steps = "times",
    word = "record",
  } = checkSettings("collectSeries", config, kinds);
  const covariates = columns.map((column) => new CovariateColumn(column));
  const all = new Map<string, Rows>();
  let style: TimeStyle | "digits" | null = null;
  let weighted = false;
  const missingTargets = finding();

  return { add, finish };

  function add(record: SeriesRecord, at: number): void {
    if (!recordKind.accepts(record)) throw new SeriesError(at, null, `expected ${recordKind.words}`);
    const { id = "", time, target, weight = 1 } = record;
    let rows = all.get(id);
    if (rows === undefined) {
      rows = { id, times: [], records: [], values: [], covariates: covariates.map(() => []), weights: [] };
      all.set(id, rows);
    }
    if (target !== null && !Number.isFinite(target))
      throw new SeriesError(
        at,
        "target",
        `${target} is no number; expected one, or null where it is missing`,
      );
    const number = steps === "rows" || time === undefined ? rows.times.length + 1 : timeOf(String(time), at);
    if (steps === "times" && time === undefined) checkStyle("step", "", at);
    checkOrder(rows, number, at);
    rows.times.push(number);
    rows.records.push(at);
    rows.values.push(target ?? Number.NaN);
    rows.weights.push(weight);
    weighted ||= record.weight !== undefined;
    for (const [k, column] of covariates.entries())
      rows.covariates[k]!.push(
        column.read(record.covariates?.[column.name] ?? null, at, rows.covariates[k]!, id),
      );
  }

  function timeOf(text: string, at: number): number {
    const read = readTime(text);
    if (read === null)
      throw new SeriesError(
        at,
        "time",
        `${JSON.stringify(text)} is no time that is understood; write ${understoodTimes}`,
      );
    checkStyle(read.style, text, at);
    return read.number;
  }

  function checkStyle(found: TimeStyle | "digits", text: string, at: number): void {
    style ??= found;
    if (style === "day" && found === "moment") style = "moment";
    else if (found !== style && !(found === "day" && style === "moment"))
      throw new SeriesError(
        at,
        "time",
        text === "" || style === "step"
          ? "some records have a time and some have none"
          : `${JSON.stringify(text)} is not written as the times before it`,
      );
  }

  function checkOrder({ id, times, records }: Rows, number: number, at: number): void {
    const before = times.at(-1);
    if (before === undefined || number > before) return;
    const shown = (time: number) =>
      style === "digits" || style === null ? String(time) : writeTime(style, time);
    const of = id === "" ? "" : ` of ${JSON.stringify(id)}`;
    const twice = times.lastIndexOf(number);
    throw new SeriesError(
      at,
      "time",
      twice >= 0
        ? `${shown(number)}${of} is there already, in ${word} ${records[twice]!}; a series has one value at a time`
        : `${shown(number)}${of} comes after ${shown(before)} in ${word} ${records.at(-1)!}; sort the records of each series by time`,
    );
  }

  function finish(): SeriesSet {
    const found = Array.from(all.values());
    if (found.length === 0) throw new SeriesError(null, null, "there are no records");
    const isCounted = steps === "rows" || style === null || style === "step";
    const known = isCounted ? "step" : style === "digits" ? digitsStyle(found) : (style as TimeStyle);
    const axes: SeriesTimes[] = found.map(({ id, times, records }) => ({
      id,
      times: known === "compact" ? times.map((time) => compactDay(time)!) : times,
      records,
    }));
    const frequency: Frequency = inferFrequency(known, axes, word);
    const gaps = finding();
    const series = found.map((rows, k) => onAxis(rows, axes[k]!, frequency, gaps));
    return {
      series,
      frequency,
      covariates: covariates.map(({ done }) => done()),
      missing: {
        gaps: gaps.found(),
        values: missingTargets.found(),
        covariates: joined(covariates.map(({ missing }) => missing)),
        categories: joined(covariates.map(({ unseen }) => unseen)),
      },
    };
  }

  function onAxis(rows: Rows, { times }: SeriesTimes, frequency: Frequency, gaps: Finding): TimeSeries {
    const positions = new Int32Array(times.length);
    for (let k = 1; k < times.length; k++) {
      const steps = stepsBetween(frequency, times[k - 1]!, times[k]!)!;
      positions[k] = positions[k - 1]! + steps;
      if (steps > 1)
        gaps.add(
          rows.records[k]!,
          `${writeTime(frequency.style, times[k]!)} after ${writeTime(frequency.style, times[k - 1]!)}`,
          steps - 1,
        );
    }
    const length = (positions.at(-1) ?? -1) + 1;
    const spread = (numbers: readonly number[]) => {
      const out = new Float64Array(length).fill(Number.NaN);
      for (const [k, number] of numbers.entries()) out[positions[k]!] = number;
      return out;
    };
    const last = rows.values.findLastIndex((value) => !Number.isNaN(value));
    for (let k = 0; k < last; k++)
      if (Number.isNaN(rows.values[k]!))
        missingTargets.add(rows.records[k]!, writeTime(frequency.style, times[k]!));
    return {
      id: rows.id,
      start: times[0]!,
      phase: Math.round(positionOf(frequency, times[0]!)),
      values: spread(rows.values),
      covariates: covariates.map(({ role }, k) =>
        role === "static"
          ? Float64Array.of(rows.covariates[k]!.find((value) => !Number.isNaN(value)) ?? Number.NaN)
          : spread(rows.covariates[k]!),
      ),
      ...(weighted ? { weights: spread(rows.weights) } : {}),
    };
  }
}

function digitsStyle(all: readonly Rows[]): TimeStyle {
  const styles = new Set(all.map(({ times }) => styleOfDigits(times)));
  return styles.size === 1 ? [...styles][0]! : "step";
}

function joined(parts: readonly Finding[]) {
  const found = parts.map((part) => part.found()).filter(({ count }) => count > 0);
  const first = found.reduce(
    (best, other) => (other.first! < best.first! ? other : best),
    found[0] ?? finding().found(),
  );
  return { ...first, count: found.reduce((n, { count }) => n + count, 0) };
}

const recordKind: RequiredKind = kind(
  "a record such as { id, time, target }, whose target is a number or null, and its weight, if it has one, a number of at least 0",
  (value) => {
    if (!isRecord(value)) return false;
    const { id, time, target, weight } = value as Partial<Record<keyof SeriesRecord, unknown>>;
    return (
      (id === undefined || typeof id === "string") &&
      (time === undefined || typeof time === "string" || typeof time === "number") &&
      (target === null || typeof target === "number") &&
      (weight === undefined || atLeastZero.accepts(weight))
    );
  },
);
const kinds = {
  covariates: optional(listOf(covariateConfigKind, "a list of covariates: { name, role }")),
  steps: optional(oneOf("times", "rows")),
  word: optional(text),
};
