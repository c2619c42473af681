import { isRecord, kind, size } from "../../check/index.js";
import type { AnyLayer } from "../module.js";

/** What a decoder reads at its nodes. */
export const readsKind = kind(
  "a layer that works row by row, such as embedding(...), or a number of features",
  (value) =>
    size.accepts(value) || (isRecord(value) && "init" in value && "apply" in value && !("stream" in value)),
);

/** Features of it; null where it reads nothing. @throws TypeError if they are not known beforehand */
export function featuresOfReads(what: string, reads: unknown): number | null {
  if (reads === undefined) return null;
  return typeof reads === "number" ? reads : featuresOf(what, "reads", reads as AnyLayer);
}

/** Features of a layer's output. @throws TypeError if they are not known beforehand */
export function featuresOf(
  what: string,
  name: string,
  layer: { readonly features?: number | undefined },
): number {
  if (layer.features === undefined)
    throw new TypeError(`${what}: ${name} does not say how many features it gives; give it \`features\``);
  return layer.features;
}
