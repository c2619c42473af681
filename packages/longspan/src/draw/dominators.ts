import type { Step, Wire } from "./wiring.js";

/**
 * For each wire that data go along, the last wire before it that all of them pass; null where there is none, as behind two inputs. Values that
 * depend on no data count for nothing.
 */
export function lastCommonWires(
  wires: number,
  steps: readonly Step[],
  isData: (wire: Wire) => boolean,
): (Wire | null)[] {
  const parent = new Array<Wire | null>(wires).fill(null);
  const depth = new Array<number>(wires).fill(0);
  const common = (a: Wire | null, b: Wire | null): Wire | null => {
    let [x, y] = [a, b];
    while (x !== y) {
      if (x === null || y === null) return null;
      if (depth[x]! >= depth[y]!) x = parent[x]!;
      else y = parent[y]!;
    }
    return x;
  };
  for (const { inputs, outputs } of steps) {
    const data = inputs.filter(isData);
    if (data.length === 0) continue;
    const last = data.reduce<Wire | null>((a, b) => common(a, b), data[0]!);
    for (const wire of outputs) {
      parent[wire] = last;
      depth[wire] = last === null ? 0 : depth[last]! + 1;
    }
  }
  return parent;
}
