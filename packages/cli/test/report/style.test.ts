import { expect, it } from "vitest";
import { style } from "../../src/report/style.js";

// What a style sheet says of an element is stronger than the element's own attribute: a rule for all paths hid the quantiles of forecasts.
it("paths that say how they are filled are filled so", () => {
  const rules = [...style.source.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector, body]) => ({
    selector: selector!.trim(),
    body: body!,
  }));
  const filling = rules.filter(({ body }) => /(^|;|\s)fill:/.test(body)).map(({ selector }) => selector);
  expect(filling).toEqual(["svg path:not([fill])"]);
});
