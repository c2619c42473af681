import { drawForecast, mackeyGlass } from "longspan";
import { describe, expect, test } from "vitest";

const truth = mackeyGlass({ length: 200 });
/** The points of a path of a class. */
function points(svg: string, look: string): [number, number][] {
  const d = new RegExp(`class="${look}" d="([^"]*)"`).exec(svg)![1]!;
  return [...d.matchAll(/[ML]([-\d.]+) ([-\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
}

describe("the picture of a free run", () => {
  const forecast = truth.slice(80).map((y, t) => y + 1.5e-6 * 1.1 ** t);
  const svg = drawForecast(truth, forecast, { step: 2, across: "time <units>", title: "a & b" });

  test("an error that grows by the same factor at each step is a straight line that rises", () => {
    const line = points(svg, "line state");
    expect(line.length).toBe(120);
    expect(line.map(([x]) => x)).toEqual(points(svg, "line once").map(([x]) => x));
    const slope = (a: number, b: number) => (line[b]![1] - line[a]![1]) / (line[b]![0] - line[a]![0]);
    expect(slope(0, 119)).toBeLessThan(-0.1);
    // Points are rounded to a tenth.
    expect(slope(0, 60)).toBeCloseTo(slope(60, 119), 2);
    // 1.1^119 is 10^4.93; the axis goes from 1e-6 to 1, over 110 units.
    expect(line[0]![1] - line[119]![1]).toBeCloseTo((110 * 4.93) / 6, 0);
  });

  test("the forecast is dashed over the truth, from where it begins", () => {
    const [whole, dashed] = [points(svg, "line"), points(svg, "line once")];
    expect(whole.length).toBe(200);
    expect(dashed.length).toBe(120);
    expect(dashed[0]).toEqual(whole[80]);
    expect(dashed.at(-1)![0]).toBe(whole.at(-1)![0]);
    // Before the error is seen they are the same points, then not.
    expect(dashed.slice(0, 20)).toEqual(whole.slice(80, 100));
    expect(dashed[119]).not.toEqual(whole[199]);
    expect(svg).toContain(">-160</text>");
    expect(svg).toContain(">238</text>");
    expect(svg).toContain("time &lt;units&gt;");
    expect(svg).toContain("<title>a &amp; b</title>");
  });

  test("what is not finite, an exact forecast and a constant series leave no broken picture", () => {
    const far = truth.slice(100).map((y, t) => (t > 50 ? Number.NaN : y * 10 ** t));
    for (const picture of [
      drawForecast(truth, far),
      drawForecast(truth, truth),
      drawForecast([2, 2, 2], [2]),
      drawForecast([1], [Number.POSITIVE_INFINITY]),
    ])
      expect(picture).not.toMatch(/NaN|undefined|Infinity|null/);
    expect(points(drawForecast(truth, far), "line once").length).toBe(51);
  });

  test("a forecast that is no end of the series", () => {
    expect(() => drawForecast([1, 2], [1, 2, 3])).toThrow(
      "drawForecast: the forecast has 3 numbers for a series of 2; it is of the last steps of the series, at least one",
    );
    expect(() => drawForecast([1, Number.NaN], [1])).toThrow(
      "drawForecast: truth[1] is NaN; every number must be finite",
    );
  });
});
