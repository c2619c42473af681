/** Two items of neighbouring levels that an arrow joins, the lower one first. */
export type Link = readonly [lower: number, upper: number];

/** Two items of one level that want to be side by side. */
export type Beside = readonly [number, number];

/** Items by level, to be put in order, and what joins them. */
export interface Rows {
  readonly levels: readonly (readonly number[])[];
  readonly links: readonly Link[];
  readonly beside: readonly Beside[];
}

const rounds = 24;
const attempts = 12;

/** The items of each level from left to right, with few crossings: averages of neighbours first, then exchanges of neighbours, from several beginnings. */
export function ordered(rows: Rows): number[][] {
  let best: number[][] = rows.levels.map((level) => [...level]);
  let least = Number.POSITIVE_INFINITY;
  const big = rows.levels.reduce((n, level) => n + level.length, 0) > 120;
  for (let attempt = 0; attempt < (big ? 2 : attempts); attempt++) {
    const order = rows.levels.map((level) => shuffled(level, attempt));
    const cost = improved(rows, order);
    if (cost < least - 1e-9) [best, least] = [order, cost];
  }
  return best;
}

function improved(rows: Rows, order: number[][]): number {
  const neighbours = neighboursOf(rows);
  for (let round = 0; round < 8; round++) {
    const position = positionsOf(order);
    const levels = round % 2 === 0 ? order.keys() : [...order.keys()].reverse();
    for (const l of levels) {
      const level = order[l]!;
      const target = level.map((item, i) => {
        const of = neighbours.get(item) ?? [];
        return of.length === 0 ? i : of.reduce((sum, n) => sum + position.get(n)!, 0) / of.length;
      });
      const indices = level.map((_, i) => i).sort((a, b) => target[a]! - target[b]! || a - b);
      order[l] = indices.map((i) => level[i]!);
      order[l].forEach((item, i) => {
        position.set(item, (i + 0.5) / level.length);
      });
    }
  }
  const present = new Arrangement(rows, order);
  for (let round = 0, changed = true; changed && round < rounds; round++) {
    changed = false;
    for (const [l, level] of order.entries()) {
      let now = present.costNear(l);
      for (let span = 1; span <= 2; span++)
        for (let i = 0; i + span < level.length; i++) {
          present.exchange(l, i, i + span);
          const then = present.costNear(l);
          if (then < now - 1e-9) {
            now = then;
            changed = true;
          } else present.exchange(l, i, i + span);
        }
    }
  }
  return present.cost();
}

/** An order that is being improved, with what it costs. */
class Arrangement {
  /** Per item, its position on its level. */
  private readonly at = new Map<number, number>();
  /** Per level, the links from it to the next one. */
  private readonly links: (readonly Link[])[];
  private readonly beside: (readonly Beside[])[];

  constructor(
    { links, beside }: Rows,
    private readonly order: number[][],
  ) {
    const level = new Map<number, number>();
    order.forEach((items, l) => {
      items.forEach((item, i) => {
        this.at.set(item, i);
        level.set(item, l);
      });
    });
    this.links = order.map((_, l) => links.filter(([lower]) => level.get(lower) === l));
    this.beside = order.map((_, l) => beside.filter(([a]) => level.get(a) === l));
  }

  exchange(l: number, i: number, j: number): void {
    const level = this.order[l]!;
    [level[i], level[j]] = [level[j]!, level[i]!];
    this.at.set(level[i]!, i);
    this.at.set(level[j]!, j);
  }

  cost(): number {
    return this.order.reduce((sum, _, l) => sum + this.above(l) + this.within(l), 0);
  }

  /** What depends on the order of one level. */
  costNear(l: number): number {
    return (l > 0 ? this.above(l - 1) : 0) + this.above(l) + this.within(l);
  }

  /** Crossings between a level and the next; what comes first stays on the left, and arrows are steep, where nothing is lost by it. */
  private above(l: number): number {
    const links = this.links[l]!;
    const { at } = this;
    const [here, there] = [this.order[l]!.length, this.order[l + 1]?.length ?? 1];
    let cost = 0;
    for (let a = 0; a < links.length; a++) {
      const [p, q] = links[a]!;
      const [x, y] = [at.get(p)!, at.get(q)!];
      cost += 0.03 * Math.abs((x + 0.5) / here - (y + 0.5) / there);
      for (let b = a + 1; b < links.length; b++) {
        const [r, s] = links[b]!;
        const across = (x - at.get(r)!) * (y - at.get(s)!);
        if (across < 0) cost += 1;
        else if (q === s && x > at.get(r)!) cost += 0.04;
      }
    }
    return cost;
  }

  /** What stands between those that want to be neighbours. */
  private within(l: number): number {
    return this.beside[l]!.reduce(
      (sum, [a, b]) => sum + 3 * (Math.abs(this.at.get(a)! - this.at.get(b)!) - 1),
      0,
    );
  }
}

function neighboursOf({ links, beside }: Rows): Map<number, number[]> {
  const found = new Map<number, number[]>();
  const add = (a: number, b: number) => {
    const list = found.get(a);
    if (list) list.push(b);
    else found.set(a, [b]);
  };
  for (const [a, b] of [...links, ...beside]) {
    add(a, b);
    add(b, a);
  }
  return found;
}

function positionsOf(order: readonly (readonly number[])[]): Map<number, number> {
  return new Map(order.flatMap((level) => level.map((item, i) => [item, (i + 0.5) / level.length] as const)));
}

/** The same order for the same attempt, on every machine. */
function shuffled(items: readonly number[], attempt: number): number[] {
  const list = [...items];
  if (attempt === 0) return list;
  let seed = attempt * 7919 + items.length;
  for (let i = list.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const j = (seed >>> 8) % (i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
