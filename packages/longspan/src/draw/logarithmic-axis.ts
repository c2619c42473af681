/** A power of ten beside an axis: as a number where it is short. */
export function power(exponent: number): string {
  if (exponent >= -2 && exponent <= 3) return `${Number((10 ** exponent).toPrecision(1))}`;
  return `10${[...`${exponent}`].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("")}`;
}

/** The powers of ten that are marked between two, at most about six. */
export function marksBetween(low: number, high: number): number[] {
  const step = Math.ceil((high - low) / 5);
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);
}
