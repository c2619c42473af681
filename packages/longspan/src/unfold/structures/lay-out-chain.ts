import type { StructureParts } from "./structure.js";

/** The in-ports of a chain, each with the delays of the edges that lead to it: how many steps back they read. */
export interface DelayedPort {
  readonly name: string;
  readonly delays: readonly number[];
}

/** What a chain is made of, checked. */
export interface ChainParts {
  readonly lengths: readonly number[];
  readonly ports: readonly DelayedPort[];
  readonly reverse: boolean;
  /** Per chain, the sequence that it belongs to; each its own by default. */
  readonly owners: readonly number[] | undefined;
  readonly sequences: number;
  readonly examples: readonly number[] | undefined;
}

/**
 * The parts of a structure of chains. Rows: all first steps, longest chain first, then all second steps. With D the longest delay, each
 * chain has D sources, the states of the D steps before its first one, and D sinks, those of its last D steps; the oldest first.
 */
export function layOutChain(parts: ChainParts): StructureParts {
  const { lengths, ports, reverse, owners, sequences, examples } = parts;
  const delays = ports.flatMap(({ delays }) => delays);
  const [least, most] = [Math.min(...delays), Math.max(...delays)];
  const edgesPerNode = delays.length;
  const B = lengths.length;
  const byLength = lengths.map((_, b) => b).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const T = B === 0 ? 0 : lengths[byLength[0]!]!;
  const nodes = lengths.reduce((total, n) => total + n, 0);
  const rank = new Int32Array(B);
  byLength.forEach((b, r) => {
    rank[b] = r;
  });
  /** The first row of each step, and at the end the number of rows: the chains of a step come in the order of their ranks. */
  const begin = new Int32Array(T + 1);
  for (const n of lengths) for (let t = 0; t < n; t++) begin[t + 1]! += 1;
  for (let t = 0; t < T; t++) begin[t + 1]! += begin[t]!;
  const starts = new Int32Array(B);
  for (let b = 1; b < B; b++) starts[b] = starts[b - 1]! + lengths[b - 1]!;
  /** The end of an edge that leaves chain b at a step of its own clock; before 0 a source. */
  const stateAt = (b: number, time: number): number => {
    if (time < 0) return -(b * most + most + time + 1);
    return begin[reverse ? lengths[b]! - 1 - time : time]! + rank[b]!;
  };

  const sequenceOf = new Int32Array(nodes);
  const positions = new Int32Array(nodes);
  const clock = new Int32Array(nodes);
  const order = new Int32Array(nodes);
  const count = nodes * edgesPerNode + B * most;
  const [from, to, toPort] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const edgeOrder = new Int32Array(nodes * edgesPerNode);
  const own = new Int32Array(count);
  let e = 0;
  for (let t = 0; t < T; t++)
    for (let row = begin[t]!; row < begin[t + 1]!; row++) {
      const b = byLength[row - begin[t]!]!;
      const time = reverse ? lengths[b]! - 1 - t : t;
      sequenceOf[row] = owners?.[b] ?? b;
      positions[row] = t;
      clock[row] = time;
      order[row] = starts[b]! + t;
      let k = 0;
      let isKnown = false;
      for (const [port, { delays }] of ports.entries())
        for (const delay of delays) {
          from[e] = stateAt(b, time - delay);
          to[e] = row;
          toPort[e] = port;
          edgeOrder[e] = order[row]! * edgesPerNode + k++;
          // One edge brings the state of the step before, if any does.
          if (delay === 1 && !isKnown) own[e] = 1;
          if (delay === 1) isKnown = true;
          e += 1;
        }
    }
  for (let b = 0; b < B; b++)
    for (let k = 0; k < most; k++) {
      from[e] = stateAt(b, lengths[b]! - most + k);
      to[e] = -(b * most + k + 1);
      e += 1;
    }

  // Steps that are nearer to each other than the shortest delay do not read each other: they run side by side.
  const levels = Math.ceil(T / least);
  const levelBegin = new Int32Array(levels);
  const levelEnd = new Int32Array(levels);
  for (let l = 0; l < levels; l++) {
    const [first, last] = reverse
      ? [Math.max(0, T - (l + 1) * least), T - l * least]
      : [l * least, Math.min(T, (l + 1) * least)];
    levelBegin[l] = begin[first]!;
    levelEnd[l] = begin[last]!;
  }
  const boundary = Int32Array.from({ length: B * most }, (_, k) => {
    const b = Math.floor(k / most);
    return owners?.[b] ?? b;
  });
  return {
    nodes,
    sequences,
    sources: B * most,
    sinks: B * most,
    edges: { from, fromPort: new Int32Array(count), to, toPort },
    levelBegin,
    levelEnd,
    inPorts: ports.map(({ name }) => name),
    outPorts: ["out"],
    sequenceOf,
    sourceSequence: boundary,
    sinkSequence: boundary,
    examples: Int32Array.from(examples ?? Array(sequences).keys()),
    positions,
    clock,
    order,
    edgeOrder,
    ...(least === 1 ? { own } : {}),
    pushes: false,
  };
}
