import { describe, expect, it } from "vitest";
import { figure, linearScale, logScale, lossFigure } from "../../src/report/scale.js";

const texts = (scale: ReturnType<typeof linearScale>) => scale.ticks.map(({ text }) => text);

describe("linearScale", () => {
  it.each([
    [0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]],
    [1.92, 4.46, ["2", "3", "4"]],
    [0, 100_000, ["0", "20,000", "40,000", "60,000", "80,000", "100,000"]],
    [0, 3e-4, ["0", "0.0001", "0.0002", "0.0003"]],
    [0, 3e-9, ["0", "1e-9", "2e-9", "3e-9"]],
    [5, 5, ["5"]],
  ])("from %d to %d", (low, high, expected) => {
    expect(texts(linearScale(low, high))).toEqual(expected);
  });

  it("places values, those beyond at the ends", () => {
    const { position } = linearScale(2, 4);
    expect([2, 2.5, 4, 1, 9, Number.NaN].map(position)).toEqual([0, 0.25, 1, 0, 1, 0]);
    expect(linearScale(3, 3).position(3)).toBe(0.5);
  });
});

describe("logScale", () => {
  it.each([
    [0.01, 1000, ["0.01", "0.1", "1", "10", "100", "1,000"]],
    [0.5, 9, ["0.5", "1", "2", "5"]],
    [1, 40, ["1", "3", "10", "30"]],
    [1e-12, 1e12, ["1e-10", "1e-5", "1", "100,000", "1e10"]],
  ])("from %d to %d", (low, high, expected) => {
    expect(texts(logScale(low, high))).toEqual(expected);
  });

  it("places equal ratios at equal distances, and what is not above 0 at the lower end", () => {
    const { position } = logScale(0.1, 1000);
    for (const [value, at] of [
      [0.1, 0],
      [1, 0.25],
      [10, 0.5],
      [1000, 1],
      [0, 0],
      [-1, 0],
    ] as const)
      expect(position(value)).toBeCloseTo(at, 12);
  });
});

it("figures have three or four digits", () => {
  expect([1234.5, 12.3456, 1.23456, 0.00123456, 0.0000123456, 0, -2.5, 2e12].map(figure)).toEqual([
    "1,235",
    "12.35",
    "1.235",
    "0.00123",
    "1.23e-5",
    "0",
    "-2.5",
    "2e12",
  ]);
  expect([figure(Number.NaN), figure(Number.POSITIVE_INFINITY)]).toEqual(["not finite", "not finite"]);
  expect([lossFigure(2.5), lossFigure(0.12345), lossFigure(12345)]).toEqual(["2.500", "0.123", "12,345"]);
  expect([Number.NaN, Number.NEGATIVE_INFINITY, null].map(lossFigure)).toEqual(Array(3).fill("not finite"));
});
