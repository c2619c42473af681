import type { Attrs } from "./record.js";

/**
 * Attributes as text for cache keys: JSON, with the numbers that JSON cannot tell apart written out.
 * @example attrsKey({ axis: 1, value: -0 }) // {"axis":1,"value":"#-0"}
 */
export function attrsKey(attrs: Attrs): string {
  // Most ops have none, and each eager op asks.
  if (hasNone(attrs)) return "{}";
  return JSON.stringify(attrs, (_, v: unknown) =>
    typeof v === "number" && (!Number.isFinite(v) || Object.is(v, -0))
      ? `#${Object.is(v, -0) ? "-0" : v}`
      : v,
  );
}

function hasNone(attrs: Attrs): boolean {
  for (const _ in attrs) return false;
  return true;
}
