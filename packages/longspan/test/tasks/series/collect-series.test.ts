import { describe, expect, it } from "vitest";
import type { SeriesRecord } from "../../../src/tasks/series/index.js";
import { collectSeries, frequencyInWords, SeriesError, seasonOf } from "../../../src/tasks/series/index.js";

const collected = (records: readonly SeriesRecord[], config = {}) => {
  const collector = collectSeries(config);
  for (const [k, record] of records.entries()) collector.add(record, k + 2);
  return collector.finish();
};
const at = (times: readonly (string | number)[]) => collected(times.map((time, k) => ({ time, target: k })));
const messageOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(SeriesError);
    return (error as Error).message;
  }
  return "no error";
};

describe("the frequency of times", () => {
  const cases: readonly (readonly [string, readonly (string | number)[], string, number])[] = [
    ["months", ["1949-01", "1949-02", "1949-03"], "monthly", 12],
    ["first days of months", ["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"], "monthly", 12],
    ["ends of months", ["2020-01-31", "2020-02-29", "2020-03-31", "2020-04-30"], "monthly", 12],
    ["quarters", ["2020-Q1", "2020-Q2", "2020Q3"], "quarterly", 4],
    ["quarters by their first day", ["2020-01-01", "2020-04-01", "2020-07-01"], "quarterly", 4],
    ["years", ["1700", "1701", "1702"], "yearly", 1],
    ["days written together", ["19580329", "19580405", "19580412"], "weekly", 52],
    ["days", ["2020-02-28", "2020-02-29", "2020-03-01"], "daily", 7],
    [
      "business days",
      ["2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11", "2024-01-12"],
      "on business days",
      5,
    ],
    ["hours", ["2020-01-01 00:00", "2020-01-01 01:00", "2020-01-01T02:00:00Z"], "hourly", 24],
    ["half hours", ["2020-01-01 00:00", "2020-01-01 00:30", "2020-01-01 01:00"], "every 30 minutes", 48],
    ["steps", [1, 2, 3], "steps counted one by one", 1],
    ["steps that pass 1000", [998, 999, 1000], "steps counted one by one", 1],
  ];
  for (const [name, times, words, season] of cases)
    it(`is inferred: ${name}`, () => {
      const { frequency } = at(times);
      expect(frequencyInWords(frequency)).toBe(words);
      expect(seasonOf(frequency)).toBe(season);
    });

  it("finds gaps, counts their steps and says where the first is", () => {
    const { series, missing } = at(["2020-01", "2020-02", "2020-05", "2020-06"]);
    expect([...series[0]!.values]).toEqual([0, 1, Number.NaN, Number.NaN, 2, 3]);
    expect(missing.gaps).toEqual({ count: 2, first: 4, words: "2020-05 after 2020-02" });
  });

  it("names the first record that breaks it", () => {
    expect(messageOf(() => at(["2020-01-01", "2020-01-03", "2020-01-05", "2020-01-06", "2020-01-08"]))).toBe(
      "record 5: time: the times are every 2 days, and 2020-01-06 does not fit after 2020-01-05 in record 4; repair it, or count rows as steps",
    );
    const rows = collected(
      ["2020-01-01", "2020-01-09", "2020-01-10"].map((time, k) => ({ time, target: k })),
      { steps: "rows" },
    );
    expect(rows.series[0]!.values.length).toBe(3);
  });
});

describe("records of series", () => {
  it("of several series may be mixed, and start at times of their own", () => {
    const { series, missing } = collected([
      { id: "b", time: "2020-02", target: 1 },
      { id: "a", time: "2020-01", target: 2 },
      { id: "b", time: "2020-03", target: null },
      { id: "a", time: "2020-02", target: 3 },
      { id: "b", time: "2020-04", target: 4 },
      { id: "a", time: "2020-03", target: null },
    ]);
    expect(series.map(({ id, values, phase }) => [id, [...values], phase % 12])).toEqual([
      ["b", [1, Number.NaN, 4], 1],
      ["a", [2, 3, Number.NaN], 0],
    ]);
    // What comes after the last value is to be forecast, and is not missing.
    expect(missing.values).toEqual({ count: 1, first: 4, words: "2020-03" });
  });

  it("with a time twice, out of order, or none are errors", () => {
    const a = (time: string) => ({ id: "a", time, target: 1 });
    expect(messageOf(() => collected([a("2020-01-02"), a("2020-01-03"), a("2020-01-02")]))).toBe(
      'record 4: time: 2020-01-02 of "a" is there already, in record 2; a series has one value at a time',
    );
    expect(messageOf(() => collected([a("2020-01-02"), a("2020-01-05"), a("2020-01-04")]))).toBe(
      'record 4: time: 2020-01-04 of "a" comes after 2020-01-05 in record 3; sort the records of each series by time',
    );
    expect(messageOf(() => collected([a("31/12/2020")]))).toBe(
      'record 2: time: "31/12/2020" is no time that is understood; write 2020-12-31, 20201231, 2020-12-31 13:00, 2020-12, 2020-Q4, 2020, or a whole number that counts steps',
    );
    expect(messageOf(() => collected([a("2021-02-29")]))).toContain('"2021-02-29" is no time');
    expect(messageOf(() => collected([a("2021-01"), a("2021-02-01")]))).toBe(
      'record 3: time: "2021-02-01" is not written as the times before it',
    );
    expect(messageOf(() => collected([]))).toBe("there are no records");
  });

  it("have covariates of numbers and categories, by what their first value is", () => {
    const covariates = [
      { name: "price", role: "future" },
      { name: "holiday", role: "future" },
      { name: "region", role: "static" },
    ];
    const one = (price: number | null, holiday: string, region = "north") => ({
      target: 1,
      covariates: { price, holiday, region },
    });
    const set = collected([one(1.5, "none"), one(null, "easter"), one(2, "none")], { covariates });
    expect(set.covariates.map(({ categories }) => categories)).toEqual([null, ["none", "easter"], ["north"]]);
    expect(set.series[0]!.covariates.map((column) => [...column])).toEqual([
      [1.5, Number.NaN, 2],
      [0, 1, 0],
      [0],
    ]);
    expect(set.missing.covariates).toEqual({ count: 1, first: 3, words: "price" });
    expect(
      messageOf(() => collected([one(1, "x"), { target: 1, covariates: { price: "high" } }], { covariates })),
    ).toBe('record 3: price: "high" is no number, as those before it are; if these are categories, say so');
    expect(messageOf(() => collected([one(1, "x"), one(1, "x", "south")], { covariates }))).toBe(
      'record 3: region: "south" is not what it was for "" before; what is static is the same in all records of a series',
    );
    const known = [{ name: "holiday", role: "future", categories: ["none"] }];
    const later = collected([one(1, "none"), one(1, "easter")], { covariates: known });
    expect([...later.series[0]!.covariates[0]!]).toEqual([0, Number.NaN]);
    expect(later.missing.categories).toEqual({ count: 1, first: 3, words: '"easter" of holiday' });
  });
});
