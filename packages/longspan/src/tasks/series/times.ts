/** How times are written: by which they are read, counted and written again. */
export type TimeStyle = "step" | "year" | "quarter" | "month" | "day" | "compact" | "moment";

const day = 86_400_000;
const digits = /^\d+$/;
const styles: Readonly<Record<Exclude<TimeStyle, "step" | "year" | "compact">, RegExp>> = {
  quarter: /^(\d{4})[- ]?[Qq]([1-4])$/,
  month: /^(\d{4})[-/](\d{1,2})$/,
  day: /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/,
  moment:
    /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})?$/,
};

/** What times look like that are understood, for messages. */
export const understoodTimes =
  "2020-12-31, 20201231, 2020-12-31 13:00, 2020-12, 2020-Q4, 2020, or a whole number that counts steps";

/** A time as it was read: of digits alone the number, which may be a step, a year or a day; otherwise the style, and milliseconds or a count. */
export interface ReadTime {
  readonly style: TimeStyle | "digits";
  readonly number: number;
}

/** Reads a time; null if it is none. Quarters and months are counted from the year 0, other times in milliseconds from 1970 on, without a zone in UTC. */
export function readTime(text: string): ReadTime | null {
  const word = text.trim();
  if (digits.test(word)) {
    const number = Number(word);
    return Number.isSafeInteger(number) ? { style: "digits", number } : null;
  }
  const quarter = styles.quarter.exec(word);
  if (quarter) return { style: "quarter", number: 4 * Number(quarter[1]) + Number(quarter[2]) - 1 };
  const month = styles.month.exec(word);
  if (month) {
    const number = Number(month[2]);
    return number >= 1 && number <= 12
      ? { style: "month", number: 12 * Number(month[1]) + number - 1 }
      : null;
  }
  const date = styles.day.exec(word);
  if (date) return found("day", utc(date));
  const moment = styles.moment.exec(word);
  if (!moment) return null;
  const [hours, minutes, seconds] = [4, 5, 6].map((k) => Number(moment[k] ?? 0)) as [number, number, number];
  const begin = utc(moment);
  if (begin === null || hours > 23 || minutes > 59 || seconds > 59) return null;
  const milliseconds = Math.round(Number(`0${moment[7] ?? ""}`) * 1000);
  const ahead = zone(moment[8]);
  return found("moment", begin + ((hours * 60 + minutes - ahead) * 60 + seconds) * 1000 + milliseconds);
}

function found(style: TimeStyle, number: number | null): ReadTime | null {
  return number === null ? null : { style, number };
}

/** Midnight of a date; null if the calendar has no such day. */
function utc(parts: readonly (string | undefined)[]): number | null {
  const [year, month, date] = [1, 2, 3].map((k) => Number(parts[k])) as [number, number, number];
  return dateOf(year, month, date);
}

function dateOf(year: number, month: number, date: number): number | null {
  const at = new Date(Date.UTC(2000, month - 1, date));
  at.setUTCFullYear(year, month - 1, date);
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === date ? at.getTime() : null;
}

/** Minutes ahead of UTC. */
function zone(text: string | undefined): number {
  if (text === undefined || text === "Z") return 0;
  const sign = text.startsWith("-") ? -1 : 1;
  return sign * (60 * Number(text.slice(1, 3)) + Number(text.slice(-2)));
}

/** What digits alone mean in a column: days if all are (19580329), years if all are, and steps otherwise. */
export function styleOfDigits(numbers: readonly number[]): "compact" | "year" | "step" {
  if (numbers.every((number) => compactDay(number) !== null)) return "compact";
  // A count of steps passes through 1000 to 2999 too, but seldom begins and ends there.
  return numbers.every((number) => number >= 1000 && number < 3000) ? "year" : "step";
}

/** The day of a number such as 19580329; null if it is none. */
export function compactDay(number: number): number | null {
  if (number < 1000_01_01 || number > 9999_12_31) return null;
  return dateOf(Math.floor(number / 10_000), Math.floor(number / 100) % 100, number % 100);
}

/** A time in the style that it came in. */
export function writeTime(style: TimeStyle, number: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const four = (n: number) => String(n).padStart(4, "0");
  if (style === "step" || style === "year") return String(number);
  if (style === "quarter") return `${four(Math.floor(number / 4))}-Q${(number % 4) + 1}`;
  if (style === "month") return `${four(Math.floor(number / 12))}-${two((number % 12) + 1)}`;
  const at = new Date(number);
  const date = [four(at.getUTCFullYear()), two(at.getUTCMonth() + 1), two(at.getUTCDate())];
  if (style === "compact") return date.join("");
  if (style === "day") return date.join("-");
  const seconds =
    number % 60_000 === 0 ? "" : `:${at.toISOString().slice(17, number % 1000 === 0 ? 19 : 23)}`;
  return `${date.join("-")} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}${seconds}`;
}

/** Whether a time is on a Saturday or a Sunday, in UTC. */
export function isWeekend(milliseconds: number): boolean {
  // 1 January 1970 was a Thursday.
  const weekday = (((Math.floor(milliseconds / day) + 4) % 7) + 7) % 7;
  return weekday === 0 || weekday === 6;
}
