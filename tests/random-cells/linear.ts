import { glorot, normalInit } from "longspan";
import {
  add,
  defineCell,
  div,
  Key,
  matmul,
  mul,
  neg,
  normal,
  outer,
  type ParamSpec,
  type Shape,
  sigmoid,
  slice,
  softplus,
  sub,
  type Tensor,
  tanh,
  type Value,
} from "longspan/engine";
import { Dice, randomStructure, type Subject } from "./generate.js";

/** A random cell that is linear in the state, or looks so. */
export interface LinearSubject extends Subject {
  /** Whether it is: what multiplies or is added to the state reads no state, and units stay apart. */
  readonly linear: boolean;
}

const input = 3;

/** Builds random linear cell number `seed`: slots of one shape, each a sum of products of slots with what reads no state. */
export function randomLinearSubject(seed: number): LinearSubject {
  const dice = new Dice(Key.of(seed).fold(31));
  const over = dice.pick(["chain", "reversed", "binary"] as const);
  const features = new Set<string>([over]);
  const hidden = 1 + dice.below(5);
  const slots = ["a", "b", "c"].slice(0, 1 + dice.below(3));
  if (slots.length > 1) features.add("slots");
  const ports = over === "binary" ? (["left", "right"] as const) : [];
  const spoilt = dice.chance(25);
  if (spoilt) features.add("spoilt");
  const bodySeed = Key.of(seed).fold(32);
  const specs: Record<string, ParamSpec> = {
    U: glorot(input, 6 * hidden),
    w: normalInit(0.5, hidden),
    k: normalInit(0.5),
  };
  let linear = true;
  const cell = defineCell({
    name: `linear${seed}`,
    inputs: () => ({ x: [input] as Shape }),
    state: () => Object.fromEntries(slots.map((name) => [name, [hidden] as Shape])),
    params: () => specs,
    ports,
    step(values, { U, w, k }) {
      const read = values as unknown as Record<string, Value | Record<string, Value>>;
      const x = read.x as Value;
      const old = (over === "binary" ? ["left", "right"] : [""]).flatMap((port) =>
        slots.map((name) => (port ? (read[port] as Record<string, Value>)[name]! : (read[name] as Value))),
      );
      const d = new Dice(bodySeed);
      const all = matmul(x, U!);
      const part = () => {
        const at = d.below(6);
        return slice(all, 0, at * hidden, (at + 1) * hidden);
      };
      /** What reads no state: a gate, a parameter, a number. */
      const factor = (): Value | number =>
        d.pick<() => Value | number>([
          () => sigmoid(part()),
          () => tanh(part()),
          () => w!,
          () => k!,
          () => 0.5,
          () => sub(1, sigmoid(part())),
        ])();
      /** A state under an op that is linear in it. */
      const term = (s: Value, depth = 0): Value => {
        if (depth > 2) return mul(s, factor());
        return d.pick<() => Value>([
          () => mul(factor() as Value, s),
          () => mul(term(s, depth + 1), factor()),
          () => div(term(s, depth + 1), add(1, softplus(part()))),
          () => neg(term(s, depth + 1)),
          () => sub(factor() as Value, term(s, depth + 1)),
          () => add(term(s, depth + 1), part()),
          () => mul(sub(term(s, depth + 1), part()), sigmoid(part())),
          () => mul(0.5, add(term(s, depth + 1), mul(factor() as Value, s))),
        ])();
      };
      const state: Record<string, Value> = {};
      for (const [i, name] of slots.entries()) {
        let next = mul(0.7, term(old[i]!));
        for (const s of old) if (d.chance(30)) next = add(next, mul(0.3, term(s)));
        state[name] = next;
      }
      if (spoilt) {
        linear = false;
        const [name] = slots as [string];
        const s = old[0]!;
        // Each looks linear at a glance.
        state[name] = d.pick<() => Value>([
          () => add(mul(sigmoid(s), s), part()),
          () => add(mul(0.5, s), tanh(mul(0.1, s))),
          () => add(mul(s, sigmoid(part())), mul(s, s)),
          () => add(mul(0.5, s), mul(part(), matmul(s, outer(w!, w!)))),
          () => div(part(), add(2, mul(s, s))),
        ])();
      }
      const output = d.chance(50)
        ? state[slots[0]!]!
        : tanh(add(state[slots.at(-1)!]!, mul(old[0]!, part())));
      return { state, output };
    },
  })(undefined as never);
  cell.trace("float64");
  const structure = randomStructure(over, dice);
  const key = Key.of(seed).fold(33);
  const initial: Record<string, Tensor> = {};
  if (structure.parts.sources > 0 && dice.chance(60)) {
    features.add("initial");
    slots.forEach((name, i) => {
      if (dice.chance(70)) initial[name] = normal(key.fold(10 + i), [structure.sequences, hidden], "float64");
    });
  }
  return {
    seed,
    cell,
    structure,
    params: cell.init(key, "float64") as Record<string, Tensor>,
    inputs: { x: normal(key.fold(1), [structure.nodes, input], "float64") },
    initial,
    smooth: true,
    features: [...features],
    linear,
  };
}
