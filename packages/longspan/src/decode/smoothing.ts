/** How often each symbol came after each context; a context is its symbols, joined by commas, the oldest first. */
export type Counts = Map<string, Map<number, number>>;

/** The distribution after a context, [vocabulary]. */
export type Smoothing = (context: readonly number[]) => Float64Array;

interface Sizes {
  readonly order: number;
  readonly vocabulary: number;
  readonly added: number;
}

/** What gives every symbol its probability, from counts of the highest order. */
export function smoothingOf(kind: "kneser-ney" | "additive", counts: Counts, sizes: Sizes): Smoothing {
  return kind === "additive" ? additive(counts, sizes) : kneserNey(counts, sizes);
}

/** (c(h w) + added) / (c(h) + added vocabulary) */
function additive(counts: Counts, { vocabulary, added }: Sizes): Smoothing {
  return (context) => {
    const after = counts.get(context.join());
    const total = totalOf(after) + added * vocabulary;
    return Float64Array.from({ length: vocabulary }, (_, w) => ((after?.get(w) ?? 0) + added) / total);
  };
}

/** Interpolated Kneser-Ney, one discount per order. */
function kneserNey(highest: Counts, { order, vocabulary }: Sizes): Smoothing {
  /** Counts by order; below the highest, a count is the number of different symbols seen before. */
  const counts: Counts[] = [];
  counts[order] = highest;
  for (let n = order - 1; n >= 0; n--) counts[n] = continuations(counts[n + 1]!);
  const discounts = counts.map(discountOf);
  return (context) => {
    const p = new Float64Array(vocabulary).fill(1 / vocabulary);
    for (let n = 0; n <= order; n++) {
      const after = counts[n]!.get(context.slice(order - n).join());
      if (after === undefined) continue;
      const [total, discount] = [totalOf(after), discounts[n]!];
      const spread = (discount * after.size) / total;
      for (let w = 0; w < vocabulary; w++) p[w]! *= spread;
      for (const [w, c] of after) p[w]! += (c - discount) / total;
    }
    return p;
  };
}

/** N(. h w): how many different symbols were seen before h w. */
function continuations(counts: Counts): Counts {
  const lower: Counts = new Map();
  for (const [context, after] of counts) {
    const comma = context.indexOf(",");
    const shorter = comma < 0 ? "" : context.slice(comma + 1);
    const known = lower.get(shorter) ?? new Map<number, number>();
    for (const w of after.keys()) known.set(w, (known.get(w) ?? 0) + 1);
    lower.set(shorter, known);
  }
  return lower;
}

/** n1 / (n1 + 2 n2), which is at most 1: no count goes below 0. */
function discountOf(counts: Counts): number {
  let [once, twice] = [0, 0];
  for (const after of counts.values())
    for (const c of after.values())
      if (c === 1) once += 1;
      else if (c === 2) twice += 1;
  return once === 0 ? 0.5 : once / (once + 2 * twice);
}

function totalOf(after: ReadonlyMap<number, number> | undefined): number {
  let total = 0;
  for (const c of after?.values() ?? []) total += c;
  return total;
}
