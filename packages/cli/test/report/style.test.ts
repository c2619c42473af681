import { describe, expect, it } from "vitest";
import { findChromium, openPage } from "../../../longspan/test/browser/chromium.js";
import { attentionSvg } from "../../src/jobs/pairs/attention-picture.js";
import { forecastSvg } from "../../src/jobs/series/picture.js";
import { type Html, html } from "../../src/report/html.js";
import { style } from "../../src/report/style.js";

const browser = findChromium();

/** What a browser computes of each element that the selector finds in a page with the style of reports. */
async function computed(body: Html, selector: string, property: string): Promise<string[]> {
  const script = `const found = [...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => getComputedStyle(e)[${JSON.stringify(property)}]);
fetch("/result", { method: "POST", body: JSON.stringify(found) });`;
  const page = `<!doctype html><meta charset="utf-8"><style>${style.source}</style><body>${body.source}<script type="module">${script}</script>`;
  return (await openPage(
    browser!,
    (path) => (path === "/page.html" ? { type: "text/html", body: page } : undefined),
    "/page.html",
    60,
  )) as string[];
}

// .ci/run sets CI: there it must run.
describe.skipIf(!browser && !process.env.CI)("the style of a report, in Chromium", () => {
  it("leaves pictures the colours that they have: the band of a forecast shows", async () => {
    const picture = {
      id: "a",
      times: ["1", "2", "3"] as const,
      before: [1, 2],
      actual: [2, 3],
      naive: [1, 2],
      quantiles: [
        [1, 2, 3],
        [2, 3, 4],
      ],
    };
    const fills = await computed(forecastSvg(picture), "path[fill-opacity]", "fill");
    expect(fills).toEqual(["rgb(217, 115, 13)"]);
    const lines = await computed(forecastSvg(picture), "path[stroke-width]", "fill");
    expect(new Set(lines)).toEqual(new Set(["none"]));
    const attention = { source: ["a", null], written: [null], weights: [[0.25, 0.75]] };
    expect(await computed(attentionSvg(attention), "rect", "fillOpacity")).toEqual(["0.25", "0.75"]);
    expect(await computed(html`<svg><path class="line" d="M0 0h1"/></svg>`, "path", "fill")).toEqual([
      "none",
    ]);
  });

  it("heads of columns stand over their numbers", async () => {
    const table = html`<table><thead><tr><th></th><th>MAE</th></tr></thead><tbody><tr><th>forecast</th><td>1</td></tr></tbody></table>`;
    expect(await computed(table, "th, td", "textAlign")).toEqual(["left", "right", "left", "right"]);
    const texts = html`<table class="texts"><thead><tr><th>source</th><th>written</th></tr></thead><tbody><tr><th>a</th><td>b</td></tr></tbody></table>`;
    expect(new Set(await computed(texts, "th, td", "textAlign"))).toEqual(new Set(["left"]));
  });
});
