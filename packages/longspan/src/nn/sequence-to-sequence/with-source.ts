import type { Structure } from "../../unfold/index.js";

const known = new WeakMap<Structure, WeakMap<Structure, Structure>>();

/**
 * The target's structure, whose sequences carry the nodes of those of the source as the set `source`. The same for the same two, so that
 * programs and schedules are found again.
 */
export function withSource(target: Structure, source: Structure): Structure {
  let bySource = known.get(target);
  if (!bySource) {
    bySource = new WeakMap();
    known.set(target, bySource);
  }
  let carrying = bySource.get(source);
  if (!carrying) {
    carrying = target.withSets({ source });
    bySource.set(source, carrying);
  }
  return carrying;
}
