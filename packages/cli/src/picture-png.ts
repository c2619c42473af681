import { Resvg } from "@resvg/resvg-js";

/** Pixels per unit of a drawing: sharp on screens of high density, and on paper. */
const density = 2;

/** Draws an SVG file as PNG, with the fonts of this machine. */
export function pngOf(svg: string): Uint8Array {
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: density },
    font: { loadSystemFonts: true, defaultFontFamily: "Arial" },
    logLevel: "off",
  });
  return image.render().asPng();
}
