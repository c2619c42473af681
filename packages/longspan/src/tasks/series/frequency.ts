import { check, isRecord, kind, type RequiredKind } from "../../check/index.js";
import { SeriesError } from "./series-error.js";
import { isWeekend, type TimeStyle, writeTime } from "./times.js";

/** The units that a frequency counts in. */
export type FrequencyUnit =
  | "step"
  | "second"
  | "minute"
  | "hour"
  | "day"
  | "business day"
  | "week"
  | "month"
  | "quarter"
  | "year";

/** How far apart the steps of time series are: so many units. */
export interface Frequency {
  readonly unit: FrequencyUnit;
  readonly every: number;
  /** How times are written. */
  readonly style: TimeStyle;
  /** Whether each time is the last day of its month. */
  readonly monthEnds: boolean;
}

/** Times of one series, in order, and the record of each. */
export interface SeriesTimes {
  readonly id: string;
  readonly times: readonly number[];
  readonly records: readonly number[];
}

const day = 86_400_000;
const milliseconds: Readonly<Partial<Record<FrequencyUnit, number>>> = {
  week: 7 * day,
  day,
  hour: day / 24,
  minute: 60_000,
  second: 1000,
};
/** Steps after which a series is likely to repeat itself. */
const seasons: Readonly<Record<FrequencyUnit, number>> = {
  step: 1,
  second: 60,
  minute: 60,
  hour: 24,
  day: 7,
  "business day": 5,
  week: 52,
  month: 12,
  quarter: 4,
  year: 1,
};

/**
 * Steps of the usual season of a frequency: 12 where steps are months, 48 where they are half hours; 1 where there is none.
 * @example seasonOf({ unit: "minute", every: 30, style: "moment", monthEnds: false }) // 48
 */
export function seasonOf(frequency: Frequency): number {
  check("seasonOf", "frequency", frequency, frequencyKind);
  const { unit, every } = frequency;
  const inUnits = unit === "minute" && every >= 10 ? 1440 : seasons[unit];
  return inUnits % every === 0 ? Math.max(1, inUnits / every) : 1;
}

/**
 * A frequency in words.
 * @example frequencyInWords({ unit: "minute", every: 30, style: "moment", monthEnds: false }) // every 30 minutes
 */
export function frequencyInWords(frequency: Frequency): string {
  check("frequencyInWords", "frequency", frequency, frequencyKind);
  const { unit, every } = frequency;
  if (unit === "step") return every === 1 ? "steps counted one by one" : `every ${every} steps`;
  const names: Partial<Record<FrequencyUnit, string>> = {
    hour: "hourly",
    day: "daily",
    "business day": "on business days",
    week: "weekly",
    month: "monthly",
    quarter: "quarterly",
    year: "yearly",
  };
  const name = every === 1 ? names[unit] : undefined;
  return name ?? (every === 1 ? `every ${unit}` : `every ${every} ${unit}s`);
}

/**
 * The frequency of times: the most common distance between neighbours.
 * @param word what a record is called in messages
 * @throws SeriesError at the first record that breaks it: whose distance from the one before is no multiple of it
 */
export function inferFrequency(style: TimeStyle, all: readonly SeriesTimes[], word: string): Frequency {
  const guess = guessFrequency(style, all);
  for (const { id, times, records } of all)
    for (let k = 1; k < times.length; k++) {
      const steps = stepsBetween(guess, times[k - 1]!, times[k]!);
      if (steps !== null && steps > 0) continue;
      const of = all.length === 1 ? "" : ` of ${JSON.stringify(id)}`;
      throw new SeriesError(
        records[k]!,
        "time",
        `the times${of} are ${frequencyInWords(guess)}, and ${writeTime(style, times[k]!)} does not fit after ${writeTime(style, times[k - 1]!)} in ${word} ${records[k - 1]!}; repair it, or count rows as steps`,
      );
    }
  return guess;
}

function guessFrequency(style: TimeStyle, all: readonly SeriesTimes[]): Frequency {
  const frequency = (unit: FrequencyUnit, every: number, monthEnds = false): Frequency => ({
    unit,
    every,
    style,
    monthEnds,
  });
  const counted = { step: "step", year: "year", quarter: "quarter", month: "month" } as const;
  if (style in counted) {
    const every = mostCommonDistance(all, (time) => time) ?? 1;
    const unit = counted[style as keyof typeof counted];
    if (unit === "month" && every % 12 === 0) return frequency("year", every / 12);
    return unit === "month" && every % 3 === 0 ? frequency("quarter", every / 3) : frequency(unit, every);
  }
  const calendar = onCalendar(all);
  if (calendar !== null) {
    const every = mostCommonDistance(all, monthOf)!;
    if (every % 12 === 0) return frequency("year", every / 12, calendar.monthEnds);
    return every % 3 === 0
      ? frequency("quarter", every / 3, calendar.monthEnds)
      : frequency("month", every, calendar.monthEnds);
  }
  const distance = mostCommonDistance(all, (time) => time) ?? day;
  if (distance === day && skipsWeekends(all)) return frequency("business day", 1);
  for (const [unit, size] of Object.entries(milliseconds))
    if (distance % size === 0) return frequency(unit as FrequencyUnit, distance / size);
  return frequency("second", distance / 1000);
}

/** Whether all times are the same moment of a month, at least a month apart: the same day of it, or its last. */
function onCalendar(all: readonly SeriesTimes[]): { readonly monthEnds: boolean } | null {
  let [sameDay, monthEnds, count] = [true, true, 0];
  let first: Date | null = null;
  for (const { times } of all)
    for (const [k, time] of times.entries()) {
      const at = new Date(time);
      first ??= at;
      if (time % day !== first.getTime() % day) return null;
      if (k > 0 && monthOf(time) === monthOf(times[k - 1]!)) return null;
      if (k > 0) count += 1;
      sameDay &&= at.getUTCDate() === first.getUTCDate();
      monthEnds &&= new Date(time + day).getUTCDate() === 1;
    }
  if (count < 2 || !(sameDay || monthEnds)) return null;
  return { monthEnds };
}

/** Days are there, and none of them a Saturday or a Sunday, over more than a week. */
function skipsWeekends(all: readonly SeriesTimes[]): boolean {
  let crosses = false;
  for (const { times } of all) {
    if (times.some(isWeekend)) return false;
    crosses ||= times.length > 1 && times.at(-1)! - times[0]! >= 7 * day;
  }
  return crosses;
}

function mostCommonDistance(all: readonly SeriesTimes[], position: (time: number) => number): number | null {
  const counts = new Map<number, number>();
  for (const { times } of all)
    for (let k = 1; k < times.length; k++) {
      const distance = position(times[k]!) - position(times[k - 1]!);
      if (distance > 0) counts.set(distance, (counts.get(distance) ?? 0) + 1);
    }
  let best: number | null = null;
  for (const [distance, count] of counts)
    if (best === null || count > counts.get(best)! || (count === counts.get(best) && distance < best))
      best = distance;
  return best;
}

/** Months from the year 0 to that of a time. */
function monthOf(milliseconds: number): number {
  const at = new Date(milliseconds);
  return 12 * at.getUTCFullYear() + at.getUTCMonth();
}

/** Where a time stands on an even axis of the frequency, in steps; a fraction where it stands between two. */
export function positionOf(frequency: Frequency, time: number): number {
  const { unit, every, style } = frequency;
  if (style === "step" || style === "year") return time / every;
  if (style === "quarter") return time / every;
  if (style === "month") return time / (every * monthsIn(unit));
  if (unit === "month" || unit === "quarter" || unit === "year")
    return monthOf(time) / (every * monthsIn(unit));
  if (unit === "business day") return businessDay(time);
  return time / (every * (milliseconds[unit] ?? 1));
}

/** Steps from one time to a later one; null where that is no whole number. */
export function stepsBetween(frequency: Frequency, from: number, to: number): number | null {
  const steps = positionOf(frequency, to) - positionOf(frequency, from);
  const whole = Math.round(steps);
  return Math.abs(steps - whole) < 1e-6 ? whole : null;
}

/** The time so many steps after another. */
export function timeAfter(frequency: Frequency, from: number, steps: number): number {
  const { unit, every, style, monthEnds } = frequency;
  if (style === "step" || style === "year" || style === "quarter") return from + steps * every;
  const months = monthsIn(unit);
  if (style === "month") return from + steps * every * months;
  if (months > 0) return monthsLater(from, steps * every * months, monthEnds);
  if (unit === "business day") return businessDaysLater(from, steps);
  return from + steps * every * (milliseconds[unit] ?? 1);
}

function monthsIn(unit: FrequencyUnit): number {
  return unit === "year" ? 12 : unit === "quarter" ? 3 : unit === "month" ? 1 : 0;
}

function monthsLater(from: number, months: number, monthEnds: boolean): number {
  const at = new Date(from);
  const later = new Date(from);
  later.setUTCDate(1);
  later.setUTCMonth(at.getUTCMonth() + months);
  const end = new Date(later);
  end.setUTCMonth(later.getUTCMonth() + 1, 0);
  const last = end.getUTCDate();
  later.setUTCDate(monthEnds ? last : Math.min(at.getUTCDate(), last));
  return later.getTime();
}

/** Business days from Monday, 5 January 1970, on. */
function businessDay(milliseconds: number): number {
  const days = Math.floor(milliseconds / day) - 4;
  const week = Math.floor(days / 7);
  return (
    5 * week + Math.min(4, days - 7 * week) + (milliseconds - Math.floor(milliseconds / day) * day) / day
  );
}

function businessDaysLater(from: number, steps: number): number {
  const at = businessDay(from);
  const whole = Math.floor(at) + steps;
  const week = Math.floor(whole / 5);
  return (7 * week + (whole - 5 * week) + 4) * day + (from - Math.floor(from / day) * day);
}

const frequencyKind: RequiredKind = kind(
  "a frequency: { unit, every, style, monthEnds }",
  (value) =>
    isRecord(value) &&
    typeof value.unit === "string" &&
    Object.hasOwn(seasons, value.unit) &&
    typeof value.every === "number",
);
