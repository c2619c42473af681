import { drawPowers } from "longspan";
import { describe, expect, it } from "vitest";

/** Where points of a path are. */
const coordinates = (svg: string, look: string) =>
  [...new RegExp(`class="${look}" d="([^"]*)"`).exec(svg)![1]!.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(
    ([, x, y]) => [Number(x), Number(y)] as const,
  );

describe("the picture of a matrix's powers", () => {
  // Eigenvalues 0.8 and -0.5; |W^t| grows first.
  const svg = drawPowers([0.8, 6, 0, -0.5], 2, { steps: 30, title: "W" });

  it("has the eigenvalues in the plane, to scale with the unit circle", () => {
    const [first, second] = coordinates(svg, "values");
    const circle = /a(\d+\.?\d*) /.exec(svg)!;
    expect((first![0] - second![0]) / Number(circle[1])).toBeCloseTo(1.3, 1);
    expect(first![1]).toBe(second![1]);
    expect(svg).toContain("|λ| ≤ 0.8<");
  });

  it("has |W^t| above the spectral radius^t, and parallel to it in the end", () => {
    const norms = coordinates(svg, "line state");
    expect(norms).toHaveLength(31);
    const [start, end] = coordinates(svg.slice(svg.indexOf("|Wᵗ|")), "line once");
    expect(norms[0]![1]).toBeCloseTo(start![1], 0);
    expect(norms[1]![1]).toBeLessThan(norms[0]![1] - 20);
    const slope = (end![1] - start![1]) / 30;
    expect(norms[30]![1] - norms[29]![1]).toBeCloseTo(slope, 0);
  });

  it("is there for matrices that have no powers left, and for large ones", () => {
    for (const a of [
      [0, 1, 0, 0],
      [0, 0, 0, 0],
      [1e200, 0, 0, 1],
    ])
      expect(drawPowers(a, 2, { steps: 5 })).not.toMatch(/NaN|undefined|Infinity/);
  });
});
