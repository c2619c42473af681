// Figures: panels of Observable Plot side by side, as SVG and PNG.
import { mkdirSync, writeFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import { Resvg } from "@resvg/resvg-js";
import { parseHTML } from "linkedom";

export { Plot };

const { document } = parseHTML("<html><body></body></html>");

/** Blue, orange, green, red, purple, brown: the order in which curves are told apart. */
export const colours = ["#1f5fa8", "#d9701e", "#2b8a4b", "#b5293a", "#7a4fa3", "#8a6a3c"];

const WIDTH = 480;
const HEIGHT = 360;
const HEAD = 46;

/**
 * Writes results/NAME.svg and results/NAME.png.
 * @param panels each { title, notes, plot }: a heading, lines of a legend as [text, colour], the options of Plot.plot
 */
export function writeFigure(name, panels) {
  const legend = Math.max(0, ...panels.map(({ notes = [] }) => notes.length)) * 17;
  const height = HEAD + legend + HEIGHT + 10;
  const parts = panels.map(({ title, notes = [], plot }, i) => {
    const svg = Plot.plot({
      document,
      width: WIDTH,
      height: HEIGHT,
      marginLeft: 62,
      marginBottom: 44,
      marginTop: 24,
      marginRight: 24,
      style: { fontFamily: "sans-serif", fontSize: "12px", background: "white", color: "#222" },
      ...plot,
      ...(plot.y?.type === "log" ? { y: { tickFormat: "~e", ...plot.y } } : {}),
    });
    const x = i * WIDTH;
    // Rules for web pages, which a picture alone does not need.
    svg.querySelector("style")?.remove();
    svg.setAttribute("x", x);
    svg.setAttribute("y", HEAD + legend);
    svg.setAttribute("width", WIDTH);
    svg.setAttribute("height", HEIGHT);
    const lines = notes.map(
      ([text, colour], l) =>
        `<rect x="${x + 22}" y="${HEAD + 17 * l - 9}" width="16" height="4" fill="${colour}"/>` +
        `<text x="${x + 44}" y="${HEAD + 17 * l - 3}" font-size="12">${escaped(text)}</text>`,
    );
    return `<text x="${x + 20}" y="24" font-size="15" font-weight="bold">${escaped(title)}</text>${lines.join("")}${svg.outerHTML}`;
  });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH * panels.length}" height="${height}" ` +
    `viewBox="0 0 ${WIDTH * panels.length} ${height}" font-family="sans-serif" fill="#222">` +
    `<rect width="100%" height="100%" fill="white"/>${parts.join("")}</svg>\n`;
  // Plot writes paths with more digits than a screen has pixels.
  const short = svg.replace(/ d="[^"]*"/g, (path) =>
    path.replace(/\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10)),
  );
  mkdirSync(new URL("results/", import.meta.url), { recursive: true });
  writeFileSync(new URL(`results/${name}.svg`, import.meta.url), short);
  const image = new Resvg(short, { fitTo: { mode: "zoom", value: 1.5 } });
  writeFileSync(new URL(`results/${name}.png`, import.meta.url), image.render().asPng());
  console.log(`wrote results/${name}.svg, results/${name}.png`);
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
