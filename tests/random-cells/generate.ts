import {
  add,
  type Cell,
  cast,
  chain,
  concat,
  constant,
  defineCell,
  div,
  type EdgeContext,
  exp,
  fromArray,
  type GraphEdge,
  gather,
  graph,
  grid,
  Key,
  less,
  matmul,
  max,
  mean,
  mul,
  neg,
  normal,
  outer,
  type ParamSpec,
  reshape,
  type Shape,
  type StepContext,
  type Structure,
  setArgmax,
  setAt,
  setCount,
  setLogSoftmax,
  setLogSumExp,
  setMax,
  setMean,
  setPlaces,
  setSoftmax,
  setSum,
  sigmoid,
  sin,
  slice,
  softmax,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  trees,
  type Value,
  Var,
  where,
} from "longspan/engine";
import { randomOperation } from "./operations.js";

/** A small random source for structure; numbers in tensors come from keys. */
export class Dice {
  private at = 0;
  constructor(private readonly key: Key) {}
  below(n: number): number {
    return (this.key.fold(this.at++).words[0] >>> 0) % n;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

/** A random cell with everything that is needed to run it. */
export interface Subject {
  readonly seed: number;
  // biome-ignore lint/suspicious/noExplicitAny: the types of a random cell are not known.
  readonly cell: Cell<any, any, any, any>;
  readonly structure: Structure;
  readonly params: Record<string, Tensor>;
  readonly inputs: Record<string, Tensor | Record<string, Tensor>>;
  readonly initial: Record<string, Tensor>;
  /** No stopGradient and no kink: central differences apply. */
  readonly smooth: boolean;
  readonly features: readonly string[];
}

const input = 3;
const vocabulary = 4;

/** Builds random cell number `seed` over a random structure. @param sets whether sequences carry sets that the cell reads */
export function randomSubject(seed: number, { sets = false } = {}): Subject {
  const dice = new Dice(Key.of(seed));
  const features = new Set<string>();
  const form = dice.pick(["chain", "reversed", "binary", "childSum", "shared"] as const);
  features.add(form);
  const stateShapes: Record<string, Shape> = { a: [2 + dice.below(3)] };
  if (dice.chance(60)) stateShapes.b = dice.pick<Shape>([[2], [], [3], [2, 2], [2, 3]]);
  if (dice.chance(25)) stateShapes.c = [2];
  if (Object.keys(stateShapes).length > 1) features.add("slots");
  if (Object.values(stateShapes).some((s) => s.length === 2)) features.add("rank2");
  // What the form is in particular, by a source of its own: other choices are what they were.
  const { ports, structureOf, feature } = variantOf(form, new Dice(Key.of(seed).fold(23)));
  if (feature) features.add(feature);
  const bodySeed = Key.of(seed).fold(1);

  // Sets of any size, or of at least one member: then a member can be picked.
  const setSpecs: Record<string, Record<string, Shape>> = sets
    ? { source: { k: [2 + dice.below(2)] }, ...(dice.chance(40) ? { other: { v: [2], s: [] } } : {}) }
    : {};
  const leastSize = sets && dice.chance(40) ? 1 : 0;
  if (setSpecs.other) features.add("twoSets");

  // How messages are reduced, by a source of its own: other choices are what they were.
  const reducing = new Dice(Key.of(seed).fold(17));
  const isReduced = (form === "childSum" || form === "shared") && reducing.chance(50);
  const messages = isReduced
    ? mapValues(stateShapes, () => reducing.pick(["sum", "mean", "max", "logSumExp", "softmax"] as const))
    : null;
  const attendsToEdges = form === "childSum" && reducing.chance(40);
  const labelSpecs: Record<string, Shape> = form === "childSum" && reducing.chance(50) ? { label: [2] } : {};
  if (labelSpecs.label) features.add("edgeInput");
  const asksTarget = form === "childSum" && reducing.chance(30);
  if (asksTarget) features.add("target");
  if (messages) features.add("messages");
  if (attendsToEdges) features.add("edgeAttention");

  // The first tracing run finds out which parameters the body asks for; the second one gets them.
  const specs: Record<string, ParamSpec> = {};
  let smooth = !Object.values(messages ?? {}).includes("max");
  const body = (
    read: Record<string, Value>,
    given: Record<string, Value>,
    context: StepContext | null,
    part: string,
    members: readonly Value[] = [],
  ) => {
    const pairs: Value[] = [];
    const d = new Dice(bodySeed.fold(part === "edge" ? 7 : 8));
    let counter = 0;
    const param = (...shape: number[]): Value => {
      const name = `${part}${counter++}_${shape.join("x")}`;
      // Tied parameters: an earlier one of the same shape is used again.
      const tied = Object.keys(specs).filter(
        (n) => n.startsWith(part) && n.endsWith(`_${shape.join("x")}`) && n in given,
      );
      if (d.chance(30) && tied.length > 0 && name !== tied[0]) {
        features.add("tied");
        return given[tied[0]!]!;
      }
      specs[name] ??= {
        shape,
        initialise: (key, s, dtype) => mul(normal(key, s, dtype), 0.5),
      };
      return given[name] ?? constant(0.1, shape, "float64");
    };
    const pool: Value[] = Object.values(read).filter((v) => v.dtype !== "int32");
    const vectors = () => pool.filter((v) => v.rank === 1);
    const to = (v: Value, shape: Shape): Value => {
      const flat = reshape(v, [v.size]);
      const n = shape.reduce((p, q) => p * q, 1);
      return reshape(matmul(flat, param(v.size, n)), shape);
    };
    const steps = 3 + d.below(8);
    for (let i = 0; i < steps; i++) {
      const v = d.pick(pool);
      const u = d.pick(vectors());
      if (members.length > 0 && d.chance(45)) {
        const made = overSet(d, u, members, { param, to, pick: leastSize > 0 });
        features.add(made.feature);
        if (!made.smooth) smooth = false;
        pool.push(...made.results);
        pairs.push(...made.pairs);
        continue;
      }
      switch (d.below(18)) {
        case 0:
          pool.push(tanh(v));
          break;
        case 1:
          pool.push(sigmoid(v));
          break;
        case 2:
          pool.push(sin(neg(v)));
          break;
        case 3:
          pool.push(tanh(add(u, to(v, u.shape))));
          break;
        case 4:
          pool.push(mul(u, sigmoid(to(v, u.shape))));
          break;
        case 5:
          pool.push(matmul(u, param(u.size, 2 + d.below(3))));
          break;
        case 6: {
          features.add("concatenation");
          const joined = concat([u, d.pick(vectors())]);
          pool.push(matmul(joined, param(joined.size, 3)));
          break;
        }
        case 7: {
          features.add("outer");
          const o = outer(u, d.pick(vectors()));
          pool.push(tanh(matmul(u, o)));
          break;
        }
        case 8:
          features.add("reduction");
          pool.push(v.rank === 0 ? v : mul(d.chance(50) ? sum(v, -1) : mean(v, 0), 0.7));
          break;
        case 9:
          features.add("softmax");
          pool.push(softmax(u));
          break;
        case 10:
          if (d.chance(50)) {
            features.add("stopGradient");
            smooth = false;
            pool.push(add(mul(v, 0.5), stopGradient(tanh(v))));
          } else pool.push(div(v, add(exp(neg(mul(v, v))), 1)));
          break;
        case 11:
          if (context) {
            features.add("dropout");
            const per = d.chance(50) ? ("node" as const) : ("sequence" as const);
            pool.push(where(less(context.uniform(u.shape, { per }), 0.7), div(u, 0.7), 0));
          }
          break;
        case 12:
          if (u.size > 1) pool.push(slice(u, 0, 1, u.size));
          break;
        case 13:
          features.add("normalised");
          pool.push(div(sub(u, mean(u)), exp(mul(mean(mul(u, u)), 0.5))));
          break;
        case 14:
          if (read.id) {
            features.add("gather");
            pool.push(gather(param(vocabulary, 2), read.id));
          }
          break;
        case 15:
          if (d.chance(40)) {
            smooth = false;
            pool.push(add(u, max(u)));
          } else pool.push(sub(mul(v, 1.5), 0.25));
          break;
        case 16: {
          const { value, isSmooth } = randomOperation(d, { u, to, param });
          features.add("operation");
          smooth &&= isSmooth;
          pool.push(value);
          break;
        }
        default: {
          const m = pool.find((p) => p.rank === 2);
          if (m) pool.push(tanh(matmul(to(v, [m.shape[0]!]), m)));
          else pool.push(mul(u, u));
        }
      }
    }
    return { pool, to, d, pairs };
  };

  const inputSpecs = { x: [input] as Shape, id: { shape: [] as Shape, dtype: "int32" as const } };
  const sequenceSpecs: Record<string, Shape> = dice.chance(40) ? { z: [2] } : {};
  if (sequenceSpecs.z) features.add("sequenceInput");
  const sharedSpecs: Record<string, Shape> = dice.chance(30) ? { w: [2] } : {};
  if (sharedSpecs.w) features.add("sharedInput");
  const withSums = dice.chance(30);
  if (withSums) features.add("sums");
  if (form === "childSum") features.add("edge");

  const define = (given: Record<string, ParamSpec>) =>
    defineCell({
      name: `random${seed}`,
      inputs: () => inputSpecs,
      sequenceInputs: () => sequenceSpecs,
      sharedInputs: () => sharedSpecs,
      sets: () => setSpecs,
      edgeInputs: () => labelSpecs,
      state: () => stateShapes,
      params: () => given,
      ports,
      ...(messages ? { messages } : {}),
      ...(form === "childSum"
        ? {
            edge(
              values: Record<string, Value>,
              params: Record<string, Value>,
              { target }: EdgeContext<Record<string, Shape>>,
            ) {
              const before = asksTarget
                ? Object.fromEntries(Object.entries(target()).map(([name, v]) => [`target.${name}`, v]))
                : {};
              const { pool, to } = body({ ...values, ...before }, params, null, "edge");
              const weight = attendsToEdges
                ? setSoftmax(sum(add(to(pool.at(-1)!, [2]), to(values.x!, [2]))))
                : constant(1, [], "float64");
              return Object.fromEntries(
                Object.entries(stateShapes).map(([name, shape]) => {
                  const gated = mul(values[name]!, sigmoid(to(pool.at(-1)!, shape)));
                  return [name, attendsToEdges ? mul(gated, spread(weight, shape)) : gated];
                }),
              );
            },
          }
        : {}),
      step(values, params, context) {
        const read: Record<string, Value> = {};
        const members: Value[] = [];
        for (const [name, v] of Object.entries(values as Record<string, Value | Record<string, Value>>)) {
          if (isValue(v)) read[name] = v;
          else if (name in setSpecs) members.push(...Object.values(v));
          else for (const [slot, s] of Object.entries(v)) read[`${name}.${slot}`] = s;
        }
        const { pool, to, d, pairs } = body(read, params as Record<string, Value>, context, "step", members);
        const made = pool.slice(-4);
        const state = Object.fromEntries(
          Object.entries(stateShapes).map(([name, shape]) => {
            // Now and then a slot is passed on, delayed, or leaky.
            const old = read[name] ?? read[`${ports[0]}.${name}`]!;
            // The input always takes part, so that no state stays at zero.
            const fresh = tanh(add(to(d.pick(made), shape), to(read.x!, shape)));
            return [name, d.chance(20) ? add(mul(old, 0.6), mul(fresh, 0.4)) : d.chance(8) ? old : fresh];
          }),
        );
        const output = d.chance(50)
          ? { first: d.pick(pool), second: to(d.pick(made), [2]), ...pairOutput() }
          : {
              only: d.pick(made),
              ...(members.length > 0 && d.chance(30) ? { member: tanh(members[0]!) } : {}),
            };
        function pairOutput() {
          if (pairs.length === 0 || d.chance(50)) return {};
          features.add("pairOutput");
          return { pair: d.pick(pairs) };
        }
        // A query that is the same at all nodes gives a value per member.
        const perNodes = pairs.filter((p) => (p as Var).scope.startsWith("pair"));
        const coverage = perNodes.length > 0 && d.chance(50) ? { coverage: d.pick(perNodes) } : {};
        if ("coverage" in coverage) features.add("memberSums");
        const sums = { square: mul(pool.at(-1)!, 0.3), input: tanh(to(read.x!, [2])) };
        const perNode = withSums && pool.at(-1) instanceof Var && (pool.at(-1) as Var).scope === "node";
        return { state, output, sums: { ...(perNode ? sums : {}), ...coverage } };
      },
    })(undefined as never);

  // Parameters are collected by a dry run in which they are constants.
  define({}).trace("float64");
  const collected = { ...specs };
  const cell = define(collected);
  cell.trace("float64");
  const bare = asksTarget
    ? randomRounds(reducing)
    : structureOf
      ? structureOf()
      : randomStructure(form, dice);
  const sizes = () => Array.from({ length: bare.sequences }, () => leastSize + dice.below(4));
  const structure = sets ? bare.withSets(mapValues(setSpecs, sizes)) : bare;
  const key = Key.of(seed).fold(2);
  const params = cell.init(key, "float64") as Record<string, Tensor>;
  const ids = Array.from({ length: structure.nodes }, () => dice.below(vocabulary));
  const inputs: Record<string, Tensor | Record<string, Tensor>> = {
    x: normal(key.fold(1), [structure.nodes, input], "float64"),
    id: fromArray(ids, [structure.nodes], "int32"),
    ...(labelSpecs.label ? { label: normal(key.fold(4), [structure.edges, 2], "float64") } : {}),
    ...(sharedSpecs.w ? { w: normal(key.fold(3), [2], "float64") } : {}),
    ...mapValues(setSpecs, (specs, name, i) =>
      mapValues(specs, (shape, _, j) => {
        const rows = structure.set(name).sequenceOf.length;
        return normal(key.fold(100 + 10 * i + j), [rows, ...shape], "float64");
      }),
    ),
    ...(sequenceSpecs.z ? { z: normal(key.fold(2), [structure.sequences, 2], "float64") } : {}),
  };
  const initial: Record<string, Tensor> = {};
  if (structure.parts.sources > 0 && dice.chance(60)) {
    features.add("initial");
    Object.entries(stateShapes).forEach(([name, shape], i) => {
      if (dice.chance(70))
        initial[name] = normal(key.fold(10 + i), [structure.parts.sources, ...shape], "float64");
    });
  }
  return { seed, cell, structure, params, inputs, initial, smooth, features: [...features] };
}

function mapValues<T, R>(
  of: Readonly<Record<string, T>>,
  f: (v: T, name: string, i: number) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(of).map(([name, v], i) => [name, f(v, name, i)]));
}

/** Something that reads a set: attention of several kinds, reductions, products per pair. */
function overSet(
  d: Dice,
  u: Value,
  members: readonly Value[],
  {
    param,
    to,
    pick,
  }: { param: (...shape: number[]) => Value; to: (v: Value, shape: Shape) => Value; pick: boolean },
): { feature: string; smooth: boolean; results: Value[]; pairs: Value[] } {
  const m = d.pick(members);
  const k = m.rank === 0 ? reshape(m, [1]) : m;
  const n = 2 + d.below(2);
  const wide = () => tanh(add(to(u, [n]), matmul(k, param(k.size, n))));
  switch (d.below(9)) {
    case 0: {
      const weights = setSoftmax(sum(mul(wide(), param(n))));
      return { feature: "additive", smooth: true, results: [setSum(mul(weights, k))], pairs: [weights] };
    }
    case 1: {
      const weights = setSoftmax(sum(mul(to(u, [k.size]), k)));
      return { feature: "dot", smooth: true, results: [setSum(mul(weights, m))], pairs: [weights] };
    }
    case 2:
      return { feature: "setSum", smooth: true, results: [setSum(wide())], pairs: [] };
    case 3:
      return { feature: "setMean", smooth: true, results: [setMean(d.chance(50) ? wide() : k)], pairs: [] };
    case 4:
      // Of an empty set it is -infinity.
      return { feature: "setMax", smooth: false, results: [tanh(setMax(wide()))], pairs: [] };
    case 5: {
      const scores = sum(wide());
      const lse = tanh(setLogSumExp(scores));
      return { feature: "setLogSumExp", smooth: true, results: [lse], pairs: [setLogSoftmax(scores)] };
    }
    case 6: {
      const product = tanh(matmul(wide(), param(n, 2)));
      return { feature: "pairProduct", smooth: true, results: [setSum(product)], pairs: [product] };
    }
    case 7: {
      const places = cast(setPlaces(m), "float64");
      const near = exp(neg(square(sub(mul(sum(u), 0.5), places))));
      const counted = div(setSum(mul(near, k)), add(setCount(m), 1));
      return { feature: "places", smooth: true, results: [counted], pairs: [near] };
    }
    default: {
      if (!pick) return { feature: "setSum", smooth: true, results: [setSum(mul(k, 0.5))], pairs: [] };
      const best = setArgmax(sum(wide()));
      return {
        feature: "setAt",
        smooth: false,
        results: [setAt(d.chance(50) ? wide() : k, best)],
        pairs: [],
      };
    }
  }
}

function isValue(v: Value | Record<string, Value>): v is Value {
  return "dtype" in v && typeof v.dtype === "string";
}

interface Variant {
  /** The ports of the cell; none where it reads by one way. */
  readonly ports: readonly string[];
  /** Makes the structure, where the form itself does not say how. */
  readonly structureOf?: () => Structure;
  readonly feature?: string;
}

/** Chains with delays, trees of any arity and grids, as variants of chains and of structures with ports. */
function variantOf(form: string, dice: Dice): Variant {
  const lengths = () => [1 + dice.below(6), dice.below(6), dice.below(3)];
  if (form === "chain" || form === "reversed") {
    if (!dice.chance(40)) return { ports: [] };
    const delays = dice.pick([{ in: 2 }, { in: 3 }, { in: [1, 3] }, { in: [2, 4] }]);
    const structureOf = () => chain(lengths(), { reverse: form === "reversed", delays });
    return { ports: [], structureOf, feature: "delays" };
  }
  if (form !== "binary") return { ports: [] };
  switch (dice.below(4)) {
    case 0: {
      const from = dice.pick(["top-left", "top-right", "bottom-left", "bottom-right"] as const);
      const sizes = () => [1, 2, 3].map(() => [dice.below(4), dice.below(4)] as const);
      return {
        ports: ["vertical", "horizontal"],
        structureOf: () => grid([[1 + dice.below(3), 2], ...sizes()], { from }),
        feature: "grid",
      };
    }
    case 1: {
      const arity = 1 + dice.below(5);
      const ports = Array.from({ length: arity }, (_, k) => `child${k + 1}`);
      const structureOf = () =>
        trees(
          [1, 2].map(() => randomTree(dice, arity)),
          { ports },
        );
      return { ports, structureOf, feature: "arity" };
    }
    case 2: {
      const delays = { near: dice.pick([1, 2]), far: dice.pick([2, 3]) };
      const structureOf = () => chain(lengths(), { reverse: dice.chance(50), delays });
      return { ports: ["near", "far"], structureOf, feature: "delayedPorts" };
    }
    default:
      return { ports: ["left", "right"] };
  }
}

export function randomStructure(form: string, dice: Dice): Structure {
  const count = 1 + dice.below(3);
  if (form === "chain" || form === "reversed") {
    const lengths = Array.from({ length: count }, () => dice.below(5));
    if (!lengths.some((n) => n > 0)) lengths[0] = 2;
    return chain(lengths, { reverse: form === "reversed" });
  }
  if (form === "binary")
    return trees(
      Array.from({ length: count }, () => randomTree(dice, 2)),
      { ports: ["left", "right"] },
    );
  if (form === "childSum" && dice.chance(50))
    return trees(Array.from({ length: count }, () => randomTree(dice, 3)));
  return graph(
    Array.from({ length: count }, () => {
      const nodes = 1 + dice.below(5);
      const edges: GraphEdge[] = [];
      for (let to = 1; to < nodes; to++)
        for (let from = 0; from < to; from++) if (dice.chance(45)) edges.push({ from, to });
      return { nodes, edges };
    }),
  );
}

/** Things that change in rounds: each reads itself, as a rule, and some others, one round before. */
function randomRounds(dice: Dice): Structure {
  return graph(
    Array.from({ length: 1 + dice.below(2) }, () => {
      const things = 1 + dice.below(3);
      const rounds = 1 + dice.below(3);
      const edges: GraphEdge[] = [];
      for (let to = things; to < things * rounds; to++)
        for (let from = to - things - (to % things); from < to - (to % things); from++) {
          const own = from === to - things;
          if (dice.chance(own ? 80 : 50)) edges.push({ from, to, ...(own ? { own } : {}) });
        }
      // One thing that reads itself is there for certain.
      edges.push({ from: 0, to: things * rounds, own: true });
      return { nodes: things * rounds + 1, edges };
    }),
  );
}

function randomTree(dice: Dice, arity: number): { children: number[][] } {
  const children: number[][] = [[]];
  const grow = 1 + dice.below(6);
  for (let n = 1; n <= grow; n++) {
    const open = children.map((_, i) => i).filter((i) => children[i]!.length < arity);
    children[dice.pick(open)]!.push(n);
    children.push([]);
  }
  return { children };
}

function spread(weight: Value, shape: Shape): Value {
  return reshape(weight, new Array<number>(shape.length).fill(1));
}
