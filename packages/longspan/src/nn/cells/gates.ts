import { split } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";

/** As many values as are named. */
type Gates<N extends number, Parts extends readonly Value[] = []> = Parts["length"] extends N
  ? Parts
  : Gates<N, [...Parts, Value]>;

/** Cuts stacked gates, [count * hidden], into `count` values [hidden]: `split` with the count in its type. */
export function gates<N extends number>(stacked: Value, count: N): Gates<N> {
  return split(stacked, count) as Gates<N>;
}
