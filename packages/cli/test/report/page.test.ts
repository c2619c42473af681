import { describe, expect, it } from "vitest";
import { type Figure, figuresHtml } from "../../src/report/page.js";
import { style } from "../../src/report/style.js";

describe("figures side by side", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("%i: none of them is alone in the last row, at any width", (count) => {
    const figures = Array.from({ length: count }, (_, k): Figure => [`label ${k}`, String(k), "note"]);
    const { source } = figuresHtml(figures);
    expect(source.match(/<div>/g)!.length).toBe(count);
    const [, wide, medium] = /^<dl class="figures" style="--wide: (\d); --medium: (\d)">/.exec(source)!;
    for (const columns of [Number(wide), Number(medium)]) {
      expect(columns).toBeLessThanOrEqual(6);
      const last = count % columns === 0 ? columns : count % columns;
      expect(last).toBeGreaterThanOrEqual(Math.min(2, count));
    }
  });

  it("a narrow page has them in pairs, below the first if they are odd in number", () => {
    expect(style.source).toContain(".figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }");
    expect(style.source).toContain(".figures div:first-child:nth-last-child(odd) { grid-column: 1 / -1; }");
  });
});
