import type { Rows } from "./ordering.js";

/** How far an item reaches to either side of its middle. */
export interface Reach {
  readonly left: number;
  readonly right: number;
}

const sweeps = 60;

/**
 * The x of each item, in the order that is given: each level as near as possible to what it is joined to, by least squares, and no two items
 * nearer than they reach.
 * @param straightness how much a link matters, beside others
 */
export function coordinates(
  order: readonly (readonly number[])[],
  { links, beside }: Rows,
  reach: (item: number) => Reach,
  straightness: (a: number, b: number) => number,
): Map<number, number> {
  const x = new Map<number, number>();
  for (const level of order) {
    let at = 0;
    for (const item of level) {
      at += reach(item).left;
      x.set(item, at);
      at += reach(item).right;
    }
    const middle = at / 2;
    for (const item of level) x.set(item, x.get(item)! - middle);
  }
  const pulls = new Map<number, { other: number; weight: number; beside: boolean }[]>();
  const pull = (item: number, other: number, weight: number, isBeside: boolean) => {
    const list = pulls.get(item) ?? [];
    list.push({ other, weight, beside: isBeside });
    pulls.set(item, list);
  };
  for (const [a, b] of links) {
    const weight = straightness(a, b);
    pull(a, b, weight, false);
    pull(b, a, weight, false);
  }
  for (const [a, b] of beside) {
    pull(a, b, 1, true);
    pull(b, a, 0.5, true);
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const levels = sweep % 2 === 0 ? order : [...order].reverse();
    for (const level of levels) {
      if (level.length === 0) continue;
      const wanted = level.map((item) => {
        let [sum, weights] = [x.get(item)! * 0.05, 0.05];
        for (const { other, weight, beside } of pulls.get(item) ?? []) {
          const side = x.get(item)! < x.get(other)! ? -1 : 1;
          const apart =
            side > 0 ? reach(other).right + reach(item).left : -(reach(other).left + reach(item).right);
          sum += weight * (x.get(other)! + (beside ? apart : 0));
          weights += weight;
        }
        return { at: sum / weights, weight: weights };
      });
      const offsets: number[] = [];
      let offset = 0;
      level.forEach((item, i) => {
        if (i > 0) offset += reach(level[i - 1]!).right + reach(item).left;
        offsets.push(offset);
      });
      const fitted = nonDecreasing(wanted.map(({ at, weight }, i) => ({ at: at - offsets[i]!, weight })));
      level.forEach((item, i) => {
        x.set(item, fitted[i]! + offsets[i]!);
      });
    }
  }
  return x;
}

/** Puts the points of each line one above the other, as far as what stands beside them leaves room. */
export function straighten(
  order: readonly (readonly number[])[],
  x: Map<number, number>,
  reach: (item: number) => Reach,
  lines: readonly (readonly number[])[],
): void {
  const besides = new Map<number, readonly [left: number | undefined, right: number | undefined]>();
  for (const level of order)
    for (const [i, item] of level.entries()) besides.set(item, [level[i - 1], level[i + 1]]);
  const room = (item: number): readonly [low: number, high: number] => {
    const [left, right] = besides.get(item)!;
    const { left: l, right: r } = reach(item);
    return [
      left === undefined ? Number.NEGATIVE_INFINITY : x.get(left)! + reach(left).right + l,
      right === undefined ? Number.POSITIVE_INFINITY : x.get(right)! - reach(right).left - r,
    ];
  };
  for (let pass = 0; pass < 4; pass++)
    for (const line of lines) {
      // The longest runs that can be upright.
      for (let first = 0; first < line.length; ) {
        let [low, high] = room(line[first]!);
        let end = first + 1;
        for (; end < line.length; end++) {
          const [l, h] = room(line[end]!);
          if (Math.max(low, l) > Math.min(high, h)) break;
          [low, high] = [Math.max(low, l), Math.min(high, h)];
        }
        const run = line.slice(first, end);
        const mean = run.reduce((sum, item) => sum + x.get(item)!, 0) / run.length;
        const at = Math.min(high, Math.max(low, mean));
        if (low <= high) for (const item of run) x.set(item, at);
        first = end;
      }
    }
}

/** The non-decreasing numbers that are nearest to the ones that are wanted, by weighted least squares. */
function nonDecreasing(wanted: readonly { readonly at: number; readonly weight: number }[]): number[] {
  const blocks: { sum: number; weight: number; count: number }[] = [];
  for (const { at, weight } of wanted) {
    let block = { sum: at * weight, weight, count: 1 };
    for (
      let last = blocks.at(-1);
      last && last.sum / last.weight > block.sum / block.weight;
      last = blocks.at(-1)
    ) {
      block = {
        sum: last.sum + block.sum,
        weight: last.weight + block.weight,
        count: last.count + block.count,
      };
      blocks.pop();
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ sum, weight, count }) => new Array<number>(count).fill(sum / weight));
}
