import { Html } from "./html.js";

/** Shows, in all charts at once, the values at the step that is nearest to the pointer. */
export const pointerScript = new Html(`(() => {
  const { at, when, texts } = JSON.parse(document.getElementById("readouts").textContent);
  const charts = [...document.querySelectorAll(".chart")].map((chart) => ({
    output: chart.querySelector("output"),
    cursor: chart.querySelector(".cursor"),
    texts: texts[chart.id] ?? [],
  }));
  const nearest = (x) => {
    let low = 0, high = at.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low > 0 && x - at[low - 1] < at[low] - x ? low - 1 : low;
  };
  const show = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const i = nearest((100 * (event.clientX - box.left)) / box.width);
    for (const [k, { output, cursor, texts }] of charts.entries()) {
      const text = texts[i] ?? "";
      output.textContent = k === 0 ? when[i] + ": " + text : text;
      cursor.style.left = at[i] + "%";
      cursor.hidden = false;
    }
  };
  const hide = () => {
    for (const { output, cursor } of charts) {
      output.textContent = "";
      cursor.hidden = true;
    }
  };
  if (at.length === 0) return;
  for (const plot of document.querySelectorAll(".frame .plot")) {
    plot.addEventListener("pointermove", show);
    plot.addEventListener("pointerdown", show);
    plot.addEventListener("pointerleave", hide);
  }
})();
`);
