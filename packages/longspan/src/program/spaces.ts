/** What is known of a set of rows before there is a structure. How many rows there are, a schedule says. */
export interface SpaceRecord {
  /** Spaces whose rows are shared by rows of this one: each row here belongs to one row of each of them. */
  readonly parents: readonly string[];
  /** Whether values of cells can have their rows here: the space is a scope. */
  readonly scope?: true;
  /** Whether the rows come in levels: the loop runs over those of one level at a time. */
  readonly levels?: true;
}

/**
 * The sets of rows. What holds of one is said here and nowhere else; the scopes of cells, the joins of scopes, the numbers of the
 * kernels' encoding and what a schedule must bring follow from it.
 */
export const spaces = {
  /** A single row: parameters, sums over everything. */
  one: { parents: [], scope: true },
  /** A row per sequence, tree or graph of a structure. */
  sequence: { parents: ["one"], scope: true },
  /** A row per node. */
  node: { parents: ["sequence"], scope: true, levels: true },
  /** A row per edge that an edge step runs over; it belongs to the node at the end whose inputs the step reads. */
  edge: { parents: ["node"], scope: true, levels: true },
  /** Boundary nodes that bring initial states. */
  source: { parents: [] },
  /** Boundary nodes that take final states. */
  sink: { parents: [] },
  /** The zero row, the sources, then one block of node rows per port, or the rows of all messages. */
  state: { parents: [] },
  /** One block of node rows per out-port: the states of cells that push messages and have several. */
  leaving: { parents: [] },
  /** The zero row, the sources, then rows for the states of a few levels, which later levels use again. */
  recent: { parents: [] },
  /** The leading axis of an operation outside of cells. */
  row: { parents: [] },
  /** A row per member of the first set that each sequence carries; then the other sets. */
  member0: { parents: ["sequence"], scope: true },
  member1: { parents: ["sequence"], scope: true },
  member2: { parents: ["sequence"], scope: true },
  member3: { parents: ["sequence"], scope: true },
  /** A row per node and member of its own sequence, those of a node side by side. */
  pair0: { parents: ["node", "member0"], scope: true, levels: true },
  pair1: { parents: ["node", "member1"], scope: true, levels: true },
  pair2: { parents: ["node", "member2"], scope: true, levels: true },
  pair3: { parents: ["node", "member3"], scope: true, levels: true },
} as const satisfies Record<string, SpaceRecord>;

/** A set of rows, by name: see `spaces`. */
export type Space = keyof typeof spaces;

/** The sets that a sequence can carry: the rows of their members, and of the pairs of a node and a member. */
export const setSpaces = [
  { member: "member0", pair: "pair0" },
  { member: "member1", pair: "pair1" },
  { member: "member2", pair: "pair2" },
  { member: "member3", pair: "pair3" },
] as const;

/**
 * The number of the set whose members, or whose pairs, a space has the rows of; -1 for other spaces.
 * @example setNumber("pair1") // 1
 */
export function setNumber(space: Space): number {
  return setSpaces.findIndex(({ member, pair }) => member === space || pair === space);
}

/** All sets of rows. Their order is that of their numbers in encoded programs. */
export const spaceNames = Object.keys(spaces) as Space[];

/** The rows that share a value inside a cell. */
export type Scope = {
  [S in Space]: (typeof spaces)[S] extends { readonly scope: true } ? S : never;
}[Space];

/** A set of rows that come in levels. */
export type LevelledSpace = {
  [S in Space]: (typeof spaces)[S] extends { readonly levels: true } ? S : never;
}[Space];

/** The sets of rows that come in levels. */
export const levelledSpaces = spaceNames.filter(hasLevels);

/**
 * Whether the rows of a space come in levels: then the loop can run over them, and blocks of steps have their part of them.
 * @example hasLevels("sequence") // false
 */
export function hasLevels(space: Space): space is LevelledSpace {
  return "levels" in spaces[space];
}

/**
 * Whether each row of a space belongs to one row of another: the space itself or one above it.
 * @example isWithin("node", "sequence") // true
 */
export function isWithin(space: Space, other: Space): boolean {
  return space === other || spaces[space].parents.some((p) => isWithin(p, other));
}

/**
 * Whether each row of a space stands where rows of several others meet: there may be as many as the product of those.
 * @example isPaired("pair0") // true: a row per node and member
 */
export function isPaired(space: Space): boolean {
  return spaces[space].parents.length > 1;
}

const scopes = spaceNames.filter((s): s is Scope => "scope" in spaces[s]);

/** The widest scope within both, if there is one: each row of it belongs to a row of the one and to a row of the other. */
function joinOfTwo(a: Scope, b: Scope): Scope | undefined {
  const within = scopes.filter((s) => isWithin(s, a) && isWithin(s, b));
  return within.find((s) => within.every((t) => isWithin(t, s)));
}

const joins: ReadonlyMap<Scope, ReadonlyMap<Scope, Scope | undefined>> = new Map(
  scopes.map((a) => [a, new Map(scopes.map((b) => [b, joinOfTwo(a, b)]))]),
);

/**
 * The scope of a result: the widest one within the scopes of all operands, `one` without operands.
 * @throws RangeError where no rows belong to both of two operands' rows
 * @example joinScopes(["one", "node", "sequence"]) // "node"
 */
export function joinScopes(of: readonly Scope[]): Scope {
  let joined: Scope = "one";
  for (const s of of) {
    const next = joins.get(joined)!.get(s);
    if (next === undefined)
      throw new RangeError(
        `an op of a value per ${joined} and a value per ${s}: no rows belong to both; sum one of them over its rows first`,
      );
    joined = next;
  }
  return joined;
}
