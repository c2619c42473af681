import type { Diagram, DiagramEdge } from "./diagram.js";

/**
 * The level of each node, 0 at the bottom: above everything that it reads in the same step. What reads nothing stands right below the first
 * that reads it, but inputs, which stand at the bottom.
 * @param apart nodes that get levels of their own
 */
export function levelsOf({ nodes, edges }: Diagram, apart: readonly number[] = []): number[] {
  const forward: Pick<DiagramEdge, "from" | "to">[] = edges.filter((e) => !e.delay);
  for (;;) {
    const level = raised(nodes, forward);
    const alone = [...new Set(apart)];
    const clash = alone.flatMap((a, i) =>
      alone
        .slice(i + 1)
        .filter((b) => level[a] === level[b])
        .map((b) => ({ from: a, to: b })),
    )[0];
    if (!clash) return level;
    forward.push(clash);
  }
}

function raised(nodes: Diagram["nodes"], forward: readonly Pick<DiagramEdge, "from" | "to">[]): number[] {
  const level = nodes.map(() => 0);
  for (let pass = 0; pass < nodes.length; pass++) {
    let changed = false;
    for (const { from, to } of forward)
      if (level[to]! < level[from]! + 1) {
        level[to] = level[from]! + 1;
        changed = true;
      }
    if (!changed) break;
  }
  // Down from the top: a node moves up as long as that makes its arrows shorter.
  const order = nodes.map((_, i) => i).sort((a, b) => level[b]! - level[a]!);
  for (const i of order) {
    const out = forward.filter((e) => e.from === i).map((e) => level[e.to]!);
    const into = forward.filter((e) => e.to === i).length;
    if (out.length === 0 || nodes[i]!.kind === "input") continue;
    const most = Math.min(...out) - 1;
    if (into < out.length || into === 0) level[i] = Math.max(level[i]!, most);
  }
  return level;
}
