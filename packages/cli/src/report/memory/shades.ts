/** How values become colours. Null: nothing is drawn. */
export interface Shades {
  colourOf(value: number): string | null;
  /** The ends of the scale, and colours from one to the other, for a legend. */
  readonly legend: { readonly low: string; readonly high: string; readonly colours: readonly string[] };
}

type Stops = readonly (readonly [red: number, green: number, blue: number])[];

/** From white over blue to nearly black, evenly darker. */
const blues: Stops = [
  [255, 255, 255],
  [190, 215, 226],
  [84, 142, 188],
  [47, 74, 140],
  [30, 18, 58],
];
/** The same length in brown: what is below zero. */
const browns: Stops = [
  [255, 255, 255],
  [240, 211, 180],
  [217, 140, 82],
  [160, 74, 28],
  [66, 26, 6],
];
const steps = 32;

/** Shares: 0 is white, 1 the darkest. */
export const shareShades: Shades = {
  colourOf: (value) => (value * steps < 0.5 ? null : mixed(blues, Math.min(1, value))),
  legend: { low: "0", high: "1", colours: strip((at) => mixed(blues, at)) },
};

/** Numbers of either sign, evenly: blue above zero, brown below. */
export function signedShades(largest: number, shown: (value: number) => string): Shades {
  const colour = (at: number) => mixed(at < 0 ? browns : blues, Math.abs(at));
  return {
    colourOf: (value) =>
      !(Math.abs(value) > (largest * 0.5) / steps)
        ? null
        : colour(Math.max(-1, Math.min(1, value / largest))),
    legend: { low: shown(-largest), high: shown(largest), colours: strip((at) => colour(2 * at - 1)) },
  };
}

/** Numbers of either sign by their size on a log axis, so many decades below the largest: blue above zero, brown below. */
export function decadeShades(
  largest: number,
  decades: number,
  shown: (value: number) => string,
  signed = true,
): Shades {
  const colour = (at: number) => mixed(at < 0 ? browns : blues, Math.abs(at));
  return {
    colourOf(value) {
      const depth = 1 + Math.log10(Math.abs(value) / largest) / decades;
      if (!(depth * steps >= 0.5)) return null;
      return colour(Math.sign(value) * Math.min(1, depth));
    },
    legend: signed
      ? {
          low: shown(-largest),
          high: `${shown(largest)}, ${decades} decades`,
          colours: strip((at) => colour(2 * at - 1)),
        }
      : { low: shown(largest * 10 ** -decades), high: shown(largest), colours: strip(colour) },
  };
}

function strip(colour: (at: number) => string): string[] {
  return Array.from({ length: steps }, (_, k) => colour(k / (steps - 1)));
}

/** @param share in [0, 1], which is rounded to one of so many steps: neighbours of one colour are drawn as one */
function mixed(stops: Stops, share: number): string {
  const at = (Math.round(share * steps) / steps) * (stops.length - 1);
  const k = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [stops[k]!, stops[k + 1]!];
  return `#${a
    .map((v, i) =>
      Math.round(v + (b[i]! - v) * (at - k))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}
